"""Learned positions by share of a sequence, between which is interpolated."""

from __future__ import annotations

from torch import Tensor


def interpolate(table: Tensor, at: Tensor) -> Tensor:
    """Rows of ``table`` [P, W] at fractional indices ``at`` [...], linearly between neighbours: [..., W]."""
    at = at.clamp(0, table.shape[0] - 1)
    low = at.floor().long().clamp(max=table.shape[0] - 2)
    share = (at - low).unsqueeze(-1)
    return table[low] * (1 - share) + table[low + 1] * share
