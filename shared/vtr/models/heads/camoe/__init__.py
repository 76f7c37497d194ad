"""CAMoE: experts for entities, actions, scenes and the whole, with a memory, trained by dual softmax.

Cheng et al. 2021 (arXiv 2109.04290) give the streams, the gates and the loss; the authors released the loss
alone. The memory bank, the queue and all else here are built from the papers named where they stand.
"""
