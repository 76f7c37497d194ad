"""One vector of a clip for a sentence, and where it comes from."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class RegionPooling(nn.Module):
    """``v = sum_i p_i V h_i`` with ``p = softmax_i(Q t . K h_i / sqrt(d) + u . h_i)`` over all real regions
    of all frames; ``p`` is the heat."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.query = nn.Linear(dim, dim)
        self.key = nn.Linear(dim, dim, bias=False)
        self.salience = nn.Linear(dim, 1, bias=False)
        self.value = nn.Linear(dim, dim)

    def forward(self, nodes: Tensor, mask: Tensor, sentence: Tensor) -> tuple[Tensor, Tensor]:
        """``nodes`` [B, M, D], ``mask`` [B, M], ``sentence`` [B, D]: vector [B, D], heat [B, M] of sum 1."""
        logits = (self.key(nodes) @ self.query(sentence).unsqueeze(-1)).squeeze(-1)
        logits = logits / math.sqrt(nodes.shape[-1]) + self.salience(nodes).squeeze(-1)
        heat = torch.softmax(logits.masked_fill(~mask, float("-inf")), dim=-1)
        return (heat.unsqueeze(1) @ self.value(nodes)).squeeze(1), heat
