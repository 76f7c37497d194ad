"""Adverb and action to one embedding."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ResidualGating(nn.Module):
    """``e(a, m) = w_g sigmoid(f_gate([a; m])) * a + w_r f_res([a; m])``, with two-layer MLPs ``f`` and
    learned scalars ``w`` (TIRG, Vo et al., CVPR 2019, equations 1 to 3, as ReGaDa composes text with
    text)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.gate = nn.Sequential(nn.Linear(2 * dim, dim), nn.ReLU(), nn.Linear(dim, dim))
        self.residual = nn.Sequential(nn.Linear(2 * dim, dim), nn.ReLU(), nn.Linear(dim, dim))
        self.gate_weight = nn.Parameter(torch.ones(()))
        self.residual_weight = nn.Parameter(torch.ones(()))

    def forward(self, action: Tensor, adverb: Tensor) -> Tensor:
        """``action``, ``adverb`` [..., D] to [..., D]."""
        both = torch.cat([action, adverb], dim=-1)
        gated = torch.sigmoid(self.gate(both)) * action
        out: Tensor = self.gate_weight * gated + self.residual_weight * self.residual(both)
        return out
