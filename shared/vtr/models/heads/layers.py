"""Small building blocks of several heads."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from vtr.models.heads.masks import zeroed


class Tokens(nn.Module):
    """Projects tokens to D, adds their positions and lets them look at each other.

    Positions are sinusoids (Vaswani et al. 2017) times a learned scale, so that no length is too long;
    ``layers`` pre-norm transformer layers follow.
    """

    def __init__(
        self, in_dim: int, dim: int, *, layers: int, heads: int, dropout: float = 0.0, scale: float = 1.0
    ) -> None:
        super().__init__()
        self.project = nn.Sequential(nn.LayerNorm(in_dim), nn.Linear(in_dim, dim))
        self.position_scale = nn.Parameter(torch.tensor(float(scale)))
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                dim, heads, 4 * dim, dropout, activation="gelu", batch_first=True, norm_first=True
            )
            for _ in range(layers)
        )
        self.norm = nn.LayerNorm(dim)

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        """``values`` [B, N, in_dim], ``mask`` bool [B, N] -> [B, N, dim], zeros where not real."""
        states = self.project(zeroed(values, mask))
        states = states + self.position_scale * sinusoids(values.shape[1], states.shape[-1]).to(states)
        for layer in self.layers:
            states = layer(states, src_key_padding_mask=~mask)
        return zeroed(self.norm(states), mask)


def sinusoids(length: int, dim: int) -> Tensor:
    """Positions 0..length-1 as float32 [length, dim] (Vaswani et al. 2017, section 3.5); ``dim`` is even."""
    rates = torch.exp(torch.arange(0, dim, 2, dtype=torch.float32) * (-math.log(10_000.0) / dim))
    angles = torch.arange(length, dtype=torch.float32).unsqueeze(1) * rates
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)
