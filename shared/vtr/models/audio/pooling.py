"""Pooling that finds a short event in a long sequence."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from vtr.models.heads.masks import masked_mean, zeroed


class AttentionPooling(nn.Module):
    """``queries`` learned queries attend to the entries; their answers, the maximum and the mean are
    projected. A mean alone drowns a bell of one second in ten of hiss."""

    def __init__(self, width: int, dim: int, queries: int) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(queries, width) / math.sqrt(width))
        self.key = nn.Linear(width, width, bias=False)
        self.project = nn.Linear(width * (queries + 2), dim)

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        """``values`` [B, N, W], ``mask`` bool [B, N] with a real entry in each row, to [B, D]."""
        scores = (self.key(values) @ self.queries.T.to(values.dtype)).float()  # [B, N, Q]
        weights = scores.masked_fill(~mask.unsqueeze(-1), float("-inf")).softmax(dim=1).to(values.dtype)
        kept = zeroed(values, mask)
        answers = (weights.transpose(1, 2) @ kept).flatten(1)
        highest = values.masked_fill(~mask.unsqueeze(-1), float("-inf")).amax(dim=1)
        out: Tensor = self.project(torch.cat([answers, highest, masked_mean(values, mask)], dim=-1))
        return out
