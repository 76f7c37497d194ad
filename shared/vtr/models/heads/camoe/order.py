"""The expert for order: what happens when, as slots in their order.

Slot k of a video is compared with slot k of a text and with no other, so that "first this, then that" is not
the same as "first that, then this"; a mean over time or words would forget it.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from vtr.models.dual.pooling import part_weights
from vtr.models.heads.masks import unit


class OrderOfFrames(nn.Module):
    """Means of a video's ``slots`` soft parts, all through one projection, side by side."""

    def __init__(self, dim: int, slots: int) -> None:
        super().__init__()
        self.slots = slots
        self.project = nn.Linear(dim, dim // slots)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """``states`` [B, T, D], zeros but where ``mask`` bool [B, T] -> unit vectors [B, D]."""
        count = mask.sum(dim=1, keepdim=True)
        place = (torch.arange(mask.shape[1], device=mask.device) + 0.5) / count
        weights = part_weights(place.clamp(max=1), mask, self.slots).to(states.dtype)
        return _side_by_side(self.project(weights.transpose(1, 2) @ states))


class OrderOfWords(nn.Module):
    """What ``slots`` learned queries find in a text: the k-th part of a story is wherever it is told."""

    def __init__(self, dim: int, slots: int) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(slots, dim) / math.sqrt(dim))
        self.key = nn.Linear(dim, dim, bias=False)  # a bias would fall out of the softmax
        self.project = nn.Linear(dim, dim // slots)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """``states`` [B, L, D] where ``mask`` bool [B, L] -> unit vectors [B, D]."""
        found = (self.key(states) @ self.queries.T.to(states.dtype)).float()
        weights = found.masked_fill(~mask.unsqueeze(-1), -1e4).softmax(dim=1)
        return _side_by_side(self.project(weights.to(states.dtype).transpose(1, 2) @ states))


def _side_by_side(slots: Tensor) -> Tensor:
    """[B, slots, D / slots], each scaled to one length, as unit vectors [B, D]."""
    return (unit(slots.float()) / math.sqrt(slots.shape[1])).flatten(1)
