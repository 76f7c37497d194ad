"""The video as seen by an action: the action's embedding queries the snippets."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vtr.models.heads.positions import sinusoids
from vtr.models.heads.regada.config import AdverbConfig


class ActionQueryLayer(nn.Module):
    """``x = norm(x + MHA(x, snippets, snippets))``, ``x = norm(x + MLP(x))`` (Vaswani et al. 2017)."""

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(dim, heads, dropout=dropout, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(dim, dim), nn.GELU(), nn.Dropout(dropout), nn.Linear(dim, dim))
        self.norms = nn.ModuleList([nn.LayerNorm(dim), nn.LayerNorm(dim)])

    def forward(self, query: Tensor, snippets: Tensor, mask: Tensor) -> Tensor:
        """``query`` [B, Q, D], ``snippets`` [B, T, D], ``mask`` [B, T]: [B, Q, D]."""
        heard, _ = self.attention(query, snippets, snippets, key_padding_mask=~mask, need_weights=False)
        x = self.norms[0](query + heard)
        out: Tensor = self.norms[1](x + self.mlp(x))
        return out


class TimeLayer(nn.Module):
    """A residual convolution over five neighbouring snippets: whether something stops or overshoots is seen
    in a few of them, before attention takes them one by one."""

    def __init__(self, dim: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.conv = nn.Conv1d(dim, dim, kernel_size=5, padding=2)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """``x`` [B, T, D], ``mask`` [B, T]: [B, T, D]."""
        kept = self.norm(x).masked_fill(~mask.unsqueeze(-1), 0.0)
        out: Tensor = x + self.drop(torch.relu(self.conv(kept.transpose(1, 2)).transpose(1, 2)))
        return out


class ActionQuery(nn.Module):
    """ReGaDa's video side: ``layers`` of multi-head attention in which the action asks."""

    def __init__(self, config: AdverbConfig) -> None:
        super().__init__()
        self.motion = config.motion
        width = config.snippet_dim * (2 if config.motion else 1)
        self.snippet_in = nn.Sequential(nn.Linear(width, config.dim), nn.LayerNorm(config.dim))
        self.time = nn.ModuleList(TimeLayer(config.dim, config.dropout) for _ in range(config.time_layers))
        self.position_scale = nn.Parameter(torch.tensor(0.5))
        self.layers = nn.ModuleList(
            ActionQueryLayer(config.dim, config.heads, config.dropout) for _ in range(config.layers)
        )
        self.out = nn.Linear(config.dim, config.dim)

    def forward(self, actions: Tensor, snippets: Tensor, mask: Tensor) -> Tensor:
        """``actions`` [B, Q, D], ``snippets`` [B, T, Df], ``mask`` [B, T]: the video for each action [B, Q,
        D]."""
        clean = snippets.masked_fill(~mask.unsqueeze(-1), 0.0)
        if self.motion:
            # A step from or to padding is no motion.
            both = (mask[:, 1:] & mask[:, :-1]).unsqueeze(-1)
            steps = (clean[:, 1:] - clean[:, :-1]).masked_fill(~both, 0.0)
            clean = torch.cat([clean, nn.functional.pad(steps, (0, 0, 1, 0))], dim=-1)
        x = self.snippet_in(clean)
        for layer in self.time:
            x = layer(x, mask)
        x = x + self.position_scale * sinusoids(x.shape[1], x.shape[2], device=x.device)
        query = actions
        for layer in self.layers:
            query = layer(query, x, mask)
        out: Tensor = self.out(query)
        return out
