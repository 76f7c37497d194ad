"""The composer: words look at the example's frames and change them; a gate keeps what stays."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from vtr.models.dual.pooling import PartPooling
from vtr.models.heads.covr.config import CovrConfig
from vtr.models.heads.covr.spans import merge_spans, places
from vtr.models.heads.layers import Tokens
from vtr.models.heads.masks import masked_mean, unit, zeroed

_SMALL = 0.02
"""Spread of the weights by which frames change at first: the example as it is, about."""


class Composed(NamedTuple):
    """``vectors`` [B, dim], L2 norm 1; ``kept`` [B], in (0, 1): the gate's mean, what the example keeps.

    ``edited`` [B, S, frame_dim]: the frames as they should be after the change, S = ceil(T / span); None
    without edit layers.
    """

    vectors: Tensor
    kept: Tensor
    edited: Tensor | None = None


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


class FrameEditor(nn.Module):
    """Frames look at each other and at the words, and change; then they are pooled.

    What a text changes, it changes at some moments: there frames become others, or (as the order of events
    changes) those of another moment. Pooled by the soft parts that the index's vectors are pooled by, and
    begun with the weights of those, the changed frames lie where the target's do.
    """

    def __init__(self, config: CovrConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            CrossLayer(config.width, config.heads, config.dropout) for _ in range(config.edit_layers)
        )
        self.back = nn.Sequential(nn.LayerNorm(config.width), nn.Linear(config.width, config.frame_dim))
        self.pool = PartPooling(config.frame_dim, config.dim, config.slots, config.slot_dim)
        last = self.back[1]
        assert isinstance(last, nn.Linear)  # noqa: S101
        nn.init.normal_(last.weight, std=_SMALL)
        nn.init.zeros_(last.bias)

    def forward(
        self, frames: Tensor, seen: Tensor, mask: Tensor, words: Tensor, word_mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        """``frames`` [B, S, frame_dim] and the same as tokens ``seen`` [B, S, width] to the changed frames
        [B, S, frame_dim] and their vector [B, dim], L2 norm 1."""
        for layer in self.layers:
            seen = layer(seen, mask, words, word_mask)
        edited = zeroed(frames + self.back(seen).float(), mask)
        return edited, self.pool(edited, places(mask), mask)


class Composer(nn.Module):
    """``q = norm(g * v + (1 - g) * h(text, F))`` with the example's vector v, its frames F and a gate g.

    h is what the :class:`FrameEditor` makes of the frames; without edit layers, the masked mean over words
    that attended to the frames (CoVR, section 4), scaled to norm 1 as v is. ``g = sigmoid(W [v; h] + b)`` per
    dimension, after the residual gating of TIRG (Vo et al., CVPR 2019).
    """

    def __init__(self, config: CovrConfig) -> None:
        super().__init__()
        self.span = config.span
        self.frames = Tokens(
            config.frame_dim, config.width, layers=1, heads=config.heads, dropout=config.dropout
        )
        self.words = Tokens(
            config.text_dim, config.width, layers=0, heads=config.heads, dropout=config.dropout
        )
        self.layers = nn.ModuleList(
            CrossLayer(config.width, config.heads, config.dropout) for _ in range(config.layers)
        )
        self.editor = FrameEditor(config) if config.edit_layers else None
        self.out = (
            None
            if config.edit_layers
            else nn.Sequential(nn.LayerNorm(config.width), nn.Linear(config.width, config.dim))
        )
        self.gate = nn.Linear(2 * config.dim, config.dim)
        if self.editor is not None:
            # Edited frames hold what stays already; words alone do not.
            nn.init.constant_(self.gate.bias, -2.0)

    def forward(
        self, example: Tensor, frames: Tensor, frame_mask: Tensor, tokens: Tensor, token_mask: Tensor
    ) -> Composed:
        """``example`` [B, dim], ``frames`` [B, T, frame_dim], ``tokens`` [B, L, text_dim], bool masks."""
        frames, frame_mask = merge_spans(zeroed(frames, frame_mask), frame_mask, self.span)
        edited = None
        with sdpa_kernel(SDPBackend.MATH):  # on a CPU the fused kernel's backward is slow for short sequences
            seen = self.frames(frames, frame_mask)
            words = self.words(tokens, token_mask)
            for layer in self.layers:
                words = layer(words, token_mask, seen, frame_mask)
            if self.editor is not None:
                edited, change = self.editor(frames, seen, frame_mask, words, token_mask)
            else:
                assert self.out is not None  # noqa: S101
                change = unit(self.out(masked_mean(words, token_mask)).float())
        example = unit(example)
        gate = torch.sigmoid(self.gate(torch.cat([example, change], dim=-1)).float())
        return Composed(unit(gate * example + (1 - gate) * change), gate.mean(dim=-1), edited)
