"""A small transformer over words."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from vtr.models.dual.config import DualConfig
from vtr.models.dual.places import interpolate
from vtr.models.dual.pooling import QueryPooling
from vtr.models.dual.vocabulary import PAD

_SHARES = 32


class TextTower(nn.Module):
    """Word numbers to a unit vector. ``words``: the vocabulary's size.

    Positions are learned twice, counted from the first word and by share of the sentence: a clause is told
    both from the words before it and from where it stands in the whole.
    """

    def __init__(self, config: DualConfig, words: int) -> None:
        super().__init__()
        width = config.text_width
        self.words = nn.Embedding(words, width, padding_idx=PAD)
        self.place = nn.Parameter(torch.randn(config.max_tokens, width) * 0.5)
        self.share = nn.Parameter(torch.randn(_SHARES, width) * 0.5)
        layer = nn.TransformerEncoderLayer(
            width,
            config.text_heads,
            2 * width,
            config.dropout,
            activation="gelu",
            batch_first=True,
            norm_first=True,
        )
        self.layers = nn.TransformerEncoder(layer, config.text_layers, enable_nested_tensor=False)
        self.leave = nn.LayerNorm(width)
        self.pool = QueryPooling(width, config.dim, config.slots, config.slot_dim)

    def states(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """``tokens`` int [B, L] with ``mask`` bool [B, L] to a state for each word [B, L, text_width]."""
        length = tokens.shape[1]
        at = torch.arange(length, device=tokens.device)
        share = (at + 0.5) / mask.sum(dim=1, keepdim=True).clamp(min=1)
        values = self.words(tokens) + self.place[:length] + interpolate(self.share, share * (_SHARES - 1))
        with sdpa_kernel(SDPBackend.MATH):  # on a CPU the fused kernel's backward is slow for short sequences
            out: Tensor = self.leave(self.layers(values, src_key_padding_mask=~mask))
        return out

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Arguments as :meth:`states`; [B, dim], L2 norm 1. L up to ``max_tokens``."""
        out: Tensor = self.pool(self.states(tokens, mask), mask)
        return out
