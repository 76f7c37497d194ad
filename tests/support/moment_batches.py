"""Small batches for the moment head."""

import torch

from vtr.models.heads.vlgnet.batch import MomentBatch
from vtr.models.heads.vlgnet.config import VlgNetConfig

LENGTHS = (7, 4, 1)
WORDS = (5, 1, 3)


def tiny_config(**changes: object) -> VlgNetConfig:
    sizes = {"frame_dim": 6, "word_dim": 5, "dim": 16, "map_dim": 8, "semantic_neighbours": 2, "dropout": 0.0}
    return VlgNetConfig(**{**sizes, **changes})


def ragged_batch(seed: int = 0, padding: int = 0) -> MomentBatch:
    """Three videos of different lengths, ``padding`` more padded entries each; padding is NaN."""
    draw = torch.Generator().manual_seed(seed)
    longest, words = max(LENGTHS) + padding, max(WORDS) + padding
    batch = len(LENGTHS)
    frames = torch.full((batch, longest, 6), float("nan"))
    tokens = torch.full((batch, words, 5), float("nan"))
    for row, (n, m) in enumerate(zip(LENGTHS, WORDS, strict=True)):
        frames[row, :n] = torch.randn(n, 6, generator=draw)
        tokens[row, :m] = torch.randn(m, 5, generator=draw)
    return MomentBatch(
        frames=frames,
        frame_mask=torch.arange(longest) < torch.tensor(LENGTHS)[:, None],
        words=tokens,
        word_mask=torch.arange(words) < torch.tensor(WORDS)[:, None],
        edges_s=torch.arange(longest + 1).float().expand(batch, -1),
        moments_s=torch.tensor([[[1.0, 4.0]], [[2.0, 4.0]], [[0.0, 1.0]]]),
        moment_mask=torch.ones(batch, 1, dtype=torch.bool),
    )
