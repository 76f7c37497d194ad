"""VLG-Net: which moment of a video a sentence asks for (Soldan et al., ICCV workshops 2021, arXiv
2011.10132).

Snippets and words each form a graph, a matching layer joins the two, and every span of snippets becomes a
candidate on an N x N map that a small convolutional head scores.
"""
