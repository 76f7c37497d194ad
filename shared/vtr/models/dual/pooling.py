"""Pooling that keeps when and where in the sequence something was.

Both towers end in the same form: coordinates for the whole, then some for each of ``slots`` parts in their
order. Slot k of a video is compared with slot k of a text and with no other, so that the cosine of the two
vectors is a mean of cosines, and "first this, then that" is not the same as "first that, then this".
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from vtr.models.heads.masks import masked_mean, unit, zeroed


def part_weights(place: Tensor, mask: Tensor, parts: int) -> Tensor:
    """Soft membership of each entry in ``parts`` equal parts of its sequence, [B, T, parts].

    ``place`` [B, T] in [0, 1]: where an entry is. Triangles centred on the parts' middles, overlapping their
    neighbours; 0 at padding, so that each part sums to 1 over the real entries (or is 0 where it has none).
    """
    middles = (torch.arange(parts, device=place.device, dtype=place.dtype) + 0.5) / parts
    near = (1 - (place.unsqueeze(-1) - middles).abs() * parts).clamp(min=0) * mask.unsqueeze(-1)
    return near / near.sum(dim=1, keepdim=True).clamp(min=1e-6)


class SlotVector(nn.Module):
    """States of the whole [..., W] and of each slot [..., slots, W] to one unit vector [..., dim].

    All slots share one projection: what a thing looks like is learned once, not once for each place in the
    order. Whole and slots are scaled to length by themselves; how much the slots count is learned.
    """

    def __init__(self, width: int, dim: int, slots: int, slot_dim: int) -> None:
        super().__init__()
        self.slots = slots
        self.whole = nn.Linear(width, dim - slots * slot_dim)
        self.slot = nn.Linear(width, slot_dim)
        self.order = nn.Parameter(torch.zeros(()))

    def forward(self, whole: Tensor, slots: Tensor) -> Tensor:
        of_whole = unit(self.whole(whole).float())
        if not self.slots:
            return of_whole
        share = self.order.sigmoid()
        of_slots = unit(self.slot(slots).float()) * (share / self.slots).sqrt()
        return torch.cat([of_whole * (1 - share).sqrt(), of_slots.flatten(-2)], dim=-1)

    def of_one(self, state: Tensor) -> Tensor:
        """The vector [..., dim] of a single state [..., W], as of a sequence that is nothing else."""
        out: Tensor = self(state, state.unsqueeze(-2).expand(*state.shape[:-1], self.slots, state.shape[-1]))
        return out


class PartPooling(nn.Module):
    """A sequence's mean and those of its ``slots`` soft parts: states [B, T, W] to unit vectors [B, D]."""

    def __init__(self, width: int, dim: int, slots: int, slot_dim: int) -> None:
        super().__init__()
        self.vector = SlotVector(width, dim, slots, slot_dim)

    def forward(self, values: Tensor, place: Tensor, mask: Tensor) -> Tensor:
        """``place`` [B, T] in [0, 1], ``mask`` bool [B, T]."""
        kept = zeroed(values, mask)
        weights = part_weights(place, mask, self.vector.slots).to(values.dtype)
        out: Tensor = self.vector(masked_mean(values, mask), weights.transpose(1, 2) @ kept)
        return out


class QueryPooling(nn.Module):
    """The mean of a sequence and what ``slots`` learned queries find in it: [B, L, W] to unit vectors [B, D].

    The words of the k-th part of a story are wherever its sentence puts them: each slot looks for its own.
    """

    def __init__(self, width: int, dim: int, slots: int, slot_dim: int) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(slots, width) / math.sqrt(width))
        self.key = nn.Linear(width, width, bias=False)  # a bias would fall out of the softmax
        self.vector = SlotVector(width, dim, slots, slot_dim)

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        """``mask`` bool [B, L]."""
        scores = self.key(values) @ self.queries.T.to(values.dtype)  # [B, L, slots]
        weights = scores.float().masked_fill(~mask.unsqueeze(-1), float("-inf")).softmax(dim=1)
        answers = weights.to(values.dtype).transpose(1, 2) @ zeroed(values, mask)
        out: Tensor = self.vector(masked_mean(values, mask), answers)
        return out
