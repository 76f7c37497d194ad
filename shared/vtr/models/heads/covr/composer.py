"""The composer: text tokens look at the example's frames; a gate keeps of the example what stays."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from vtr.models.heads.covr.config import CovrConfig
from vtr.models.heads.layers import Tokens
from vtr.models.heads.masks import masked_mean, unit


class Composed(NamedTuple):
    """``vectors`` [B, dim], L2 norm 1; ``kept`` [B], in (0, 1): the gate's mean, what the example keeps."""

    vectors: Tensor
    kept: Tensor


class CrossLayer(nn.Module):
    """Pre-norm: words attend to words, then to frames, then a feed-forward layer; each is a residual."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.words = nn.TransformerEncoderLayer(
            width, heads, 2 * width, dropout, activation="gelu", batch_first=True, norm_first=True
        )
        self.norm = nn.LayerNorm(width)
        self.cross = nn.MultiheadAttention(width, heads, dropout, batch_first=True)
        self.feed_norm = nn.LayerNorm(width)
        self.feed = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Dropout(dropout), nn.Linear(2 * width, width)
        )

    def forward(self, words: Tensor, word_mask: Tensor, frames: Tensor, frame_mask: Tensor) -> Tensor:
        """``words`` [B, L, W] and ``frames`` [B, T, W] with their masks -> [B, L, W]."""
        words = self.words(words, src_key_padding_mask=~word_mask)
        seen, _ = self.cross(
            self.norm(words), frames, frames, key_padding_mask=~frame_mask, need_weights=False
        )
        words = words + seen
        result: Tensor = words + self.feed(self.feed_norm(words))
        return result


class Composer(nn.Module):
    """``q = norm(g * v + (1 - g) * h(text, F))`` with the example's vector v, its frames F and a gate g.

    h is the masked mean over words that attended to the frames, scaled to norm 1 as v is;
    ``g = sigmoid(W [v; h] + b)`` per dimension, after the residual gating of TIRG (Vo et al., CVPR 2019).
    """

    def __init__(self, config: CovrConfig) -> None:
        super().__init__()
        self.frames = Tokens(
            config.frame_dim, config.width, layers=1, heads=config.heads, dropout=config.dropout
        )
        self.words = Tokens(
            config.text_dim, config.width, layers=0, heads=config.heads, dropout=config.dropout
        )
        self.layers = nn.ModuleList(
            CrossLayer(config.width, config.heads, config.dropout) for _ in range(config.layers)
        )
        self.out = nn.Sequential(nn.LayerNorm(config.width), nn.Linear(config.width, config.dim))
        self.gate = nn.Linear(2 * config.dim, config.dim)

    def forward(
        self, example: Tensor, frames: Tensor, frame_mask: Tensor, tokens: Tensor, token_mask: Tensor
    ) -> Composed:
        """``example`` [B, dim], ``frames`` [B, T, frame_dim], ``tokens`` [B, L, text_dim], bool masks."""
        seen = self.frames(frames, frame_mask)
        words = self.words(tokens, token_mask)
        for layer in self.layers:
            words = layer(words, token_mask, seen, frame_mask)
        change = unit(self.out(masked_mean(words, token_mask)))
        example = unit(example)
        gate = torch.sigmoid(self.gate(torch.cat([example, change], dim=-1)))
        return Composed(unit(gate * example + (1 - gate) * change), gate.mean(dim=-1))
