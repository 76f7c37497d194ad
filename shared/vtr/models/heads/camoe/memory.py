"""A learned memory that both encoders read (after Weston et al. 2015, as key and value in one)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from vtr.models.heads.masks import unit


class MemoryBank(nn.Module):
    """``x + sigmoid(W x + b) * read(x)`` with ``read(x) = softmax(q M / tau) M``, q = x / |x|.

    M is [rows, dim]. The gate opens a little at first (bias -2), so that the memory starts as a hint.
    """

    def __init__(self, rows: int, dim: int, tau: float) -> None:
        super().__init__()
        self.rows = nn.Parameter(torch.randn(rows, dim) / math.sqrt(dim))
        self.gate = nn.Linear(dim, dim)
        nn.init.constant_(self.gate.bias, -2.0)
        self.tau = tau

    def attention(self, values: Tensor) -> Tensor:
        """Which rows ``values`` [..., dim] read: [..., rows], sums 1."""
        return torch.softmax(unit(values) @ self.rows.T / self.tau, dim=-1)

    def read(self, values: Tensor) -> Tensor:
        """``softmax(q M / tau) M`` for ``values`` [..., dim]: [..., dim]."""
        return self.attention(values) @ self.rows

    def forward(self, values: Tensor) -> Tensor:
        """``values`` [..., dim] with what they read added through the gate: [..., dim]."""
        return values + torch.sigmoid(self.gate(values)) * self.read(values)
