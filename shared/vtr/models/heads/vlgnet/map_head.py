"""The convolutional head on the map of candidates."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from vtr.models.heads.vlgnet.config import VlgNetConfig


class MapHead(nn.Module):
    """``map_layers`` convolutions with residuals, then one logit a cell (2D-TAN, Zhang et al. 2020). Cells
    that do not exist are 0 before every layer, and no norm spans cells: so a cell depends on those within
    ``config.reach`` alone, and padding changes nothing."""

    def __init__(self, config: VlgNetConfig) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(config.map_dim) for _ in range(config.map_layers))
        self.convolutions = nn.ModuleList(
            nn.Conv2d(config.map_dim, config.map_dim, config.kernel, padding=config.kernel // 2)
            for _ in range(config.map_layers)
        )
        self.last_norm = nn.LayerNorm(config.map_dim)
        self.out = nn.Linear(config.map_dim, 1)

    def forward(self, features: Tensor, valid: Tensor) -> Tensor:
        """``features`` [B, N, W, Dm] with ``valid`` [B, N, W]: logits [B, N, W], the least float
        elsewhere."""
        kept = valid.unsqueeze(-1)
        x = features
        for norm, convolution in zip(self.norms, self.convolutions, strict=True):
            inputs = norm(x).masked_fill(~kept, 0.0).permute(0, 3, 1, 2)
            x = x + functional.gelu(convolution(inputs)).permute(0, 2, 3, 1)
        logits: Tensor = self.out(self.last_norm(x)).squeeze(-1)
        return logits.masked_fill(~valid, torch.finfo(logits.dtype).min)
