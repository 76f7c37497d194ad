"""Pooling that keeps when and where in the sequence something was."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from vtr.models.heads.masks import masked_mean


def part_weights(place: Tensor, mask: Tensor, parts: int) -> Tensor:
    """Soft membership of each entry in ``parts`` equal parts of its sequence, [B, T, parts].

    ``place`` [B, T] in [0, 1]: where an entry is. Triangles centred on the parts' middles, overlapping their
    neighbours; 0 at padding, so that each part sums to 1 over the real entries (or is 0 where it has none).
    """
    middles = (torch.arange(parts, device=place.device, dtype=place.dtype) + 0.5) / parts
    near = (1 - (place.unsqueeze(-1) - middles).abs() * parts).clamp(min=0) * mask.unsqueeze(-1)
    return near / near.sum(dim=1, keepdim=True).clamp(min=1e-6)


class PartPooling(nn.Module):
    """Masked mean and the means of ``parts`` soft parts, concatenated and projected: [B, T, W] to [B, D].

    A mean forgets order. Parts, each with its own slice of the projection, bind what happens to when.
    """

    def __init__(self, width: int, dim: int, parts: int) -> None:
        super().__init__()
        self.parts = parts
        self.project = nn.Linear(width * (parts + 1), dim)

    def forward(self, values: Tensor, place: Tensor, mask: Tensor) -> Tensor:
        pooled = [masked_mean(values, mask)]
        if self.parts:
            kept = values.masked_fill(~mask.unsqueeze(-1), 0)
            by_part = part_weights(place, mask, self.parts).to(values.dtype).transpose(1, 2) @ kept
            pooled.extend(by_part.unbind(dim=1))
        out: Tensor = self.project(torch.cat(pooled, dim=-1))
        return out


class QueryPooling(nn.Module):
    """``queries`` learned queries attend to the entries; their answers and the mean are projected.

    With several queries the text tower can read its clauses apart, as the video's parts are.
    """

    def __init__(self, width: int, dim: int, queries: int) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(queries, width) / math.sqrt(width))
        self.key = nn.Linear(width, width, bias=False)  # a bias would fall out of the softmax
        self.project = nn.Linear(width * (queries + 1), dim)

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        """``values`` [B, L, W], ``mask`` bool [B, L] to [B, D]."""
        scores = self.key(values) @ self.queries.T.to(values.dtype)  # [B, L, Q]
        weights = scores.float().masked_fill(~mask.unsqueeze(-1), float("-inf")).softmax(dim=1)
        kept = values.masked_fill(~mask.unsqueeze(-1), 0)
        answers = weights.to(values.dtype).transpose(1, 2) @ kept  # [B, Q, W]
        out: Tensor = self.project(torch.cat([masked_mean(values, mask), answers.flatten(1)], dim=-1))
        return out
