"""ReGaDa: which parts of the frame a sentence speaks of, and how a thing is done.

Region graph attention with a heat map as explanation, and compositional adverb-action embeddings with
residual gating (Hummel et al., BMVC 2023, arXiv 2309.15086), written from the paper.
"""
