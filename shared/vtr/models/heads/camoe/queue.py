"""A queue of past embeddings as extra negatives (MoCo, He et al. 2020, arXiv 1911.05722)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vtr.models.heads.camoe.experts import Texts

EMPTY = -1
"""The id of a place that nothing was put into yet."""
UNKNOWN = -2
"""The id of a video that is not known: it equals no other."""


class MomentumQueue(nn.Module):
    """The last ``size`` videos and texts, first in first out; buffers without gradient."""

    videos: Tensor
    vectors: Tensor
    gates: Tensor
    ids: Tensor
    next: Tensor

    def __init__(self, size: int, experts: int, dim: int) -> None:
        super().__init__()
        self.register_buffer("videos", torch.zeros(size, experts, dim))
        self.register_buffer("vectors", torch.zeros(size, experts, dim))
        self.register_buffer("gates", torch.zeros(size, experts))
        self.register_buffer("ids", torch.full((size,), EMPTY, dtype=torch.int64))
        self.register_buffer("next", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def push(self, texts: Texts, videos: Tensor, ids: Tensor) -> None:
        """Puts a batch in, the oldest fall out; of more than ``size`` rows the last remain.

        ``ids`` int64 [B], not negative or :data:`UNKNOWN`: by them a row is no negative to its own video
        later.
        """
        size = len(self.ids)
        rows = slice(max(0, len(ids) - size), len(ids))
        count = rows.stop - rows.start
        places = (torch.arange(count, device=self.ids.device) + self.next) % size
        self.videos[places] = videos[rows].detach()
        self.vectors[places] = texts.vectors[rows].detach()
        self.gates[places] = texts.gates[rows].detach()
        self.ids[places] = ids[rows]
        self.next.copy_((self.next + count) % size)

    def texts(self) -> Texts:
        """The texts, [size, E, D] and [size, E]; what ``no_negatives`` marks is not to be used."""
        return Texts(self.vectors, self.gates)

    def no_negatives(self, ids: Tensor) -> Tensor:
        """Bool [B, size]: True at empty places and at rows of the same video as ``ids`` [B]."""
        same = (ids.unsqueeze(1) == self.ids) & (self.ids >= 0)
        return same | (self.ids == EMPTY)
