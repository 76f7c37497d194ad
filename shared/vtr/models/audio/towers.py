"""The two towers: a log-mel spectrogram, and the words of a text, to vectors."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from vtr.models.audio.config import AudioConfig
from vtr.models.audio.pooling import AttentionPooling
from vtr.models.dual.vocabulary import PAD
from vtr.models.heads.masks import unit


class _Halving(nn.Module):
    """A convolution that halves time and bands, normalised at each place over its channels alone, so that
    neither padding nor other sounds are felt."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.convolve = nn.Conv2d(inside, outside, 3, stride=2, padding=1)
        self.norm = nn.LayerNorm(outside)

    def forward(self, values: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """[B, C, T, M] with ``mask`` [B, T] to [B, C', ceil(T / 2), M / 2] and its mask; zeros at padding."""
        out = self.convolve(values).permute(0, 2, 3, 1)
        out = functional.gelu(self.norm(out)).permute(0, 3, 1, 2)
        mask = mask[:, ::2]
        return out * mask[:, None, :, None], mask


class SoundTower(nn.Module):
    """Convolutions over time and bands, then over time, then attention and maximum over time."""

    def __init__(self, config: AudioConfig) -> None:
        super().__init__()
        inside: Sequence[int] = (1, *config.channels[:-1])
        self.halvings = nn.ModuleList(_Halving(a, b) for a, b in zip(inside, config.channels, strict=True))
        bands = config.mel.mels // 2 ** len(config.channels)
        self.enter = nn.Linear(config.channels[-1] * bands, config.width)
        self.around = nn.Conv1d(config.width, config.width, 5, padding=2)
        self.norm = nn.LayerNorm(config.width)
        self.pool = AttentionPooling(config.width, config.dim, config.queries)

    def forward(self, mels: Tensor, mask: Tensor) -> Tensor:
        """``mels`` [B, T, M] with ``mask`` bool [B, T] to [B, dim], L2 norm 1."""
        values = (mels * mask.unsqueeze(-1)).unsqueeze(1)
        for halving in self.halvings:
            values, mask = halving(values, mask)
        steps = functional.gelu(self.enter(values.transpose(1, 2).flatten(2)))
        steps = steps * mask.unsqueeze(-1)
        steps = self.norm(steps + self.around(steps.transpose(1, 2)).transpose(1, 2))
        return unit(self.pool(steps, mask).float())


class WordTower(nn.Module):
    """Words with their neighbours, then attention and maximum over the words: of any length.

    What is heard is a phrase somewhere in a text; no order beyond it matters.
    """

    def __init__(self, config: AudioConfig, words: int) -> None:
        super().__init__()
        width = config.text_width
        self.words = nn.Embedding(words, width, padding_idx=PAD)
        self.around = nn.Conv1d(width, width, 5, padding=2)
        self.norm = nn.LayerNorm(width)
        self.pool = AttentionPooling(width, config.dim, config.text_queries)
        self.senses = AttentionPooling(width, 2, 2)

    def forward(self, tokens: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """``tokens`` int [B, L] with ``mask`` bool [B, L] to vectors [B, dim], L2 norm 1, and logits [B, 2]:
        does the text name something seen, something heard?"""
        values = self.words(tokens) * mask.unsqueeze(-1)
        near = functional.gelu(self.around(values.transpose(1, 2)).transpose(1, 2))
        states = self.norm(values + near)
        return unit(self.pool(states, mask).float()), self.senses(states, mask).float()


def pad_mels(mels: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Spectrograms [T_i, M] to [B, T, M], zeros at padding, and their mask [B, T]."""
    lengths = torch.tensor([len(one) for one in mels])
    mask = torch.arange(int(lengths.max())) < lengths.unsqueeze(1)
    return nn.utils.rnn.pad_sequence(list(mels), batch_first=True), mask
