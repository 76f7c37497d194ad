"""Arrays of different lengths to one padded tensor."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from vtr.models.encoders.base import FloatArray
from vtr.models.heads.serving.protocol import Clip, QueryStates


def padded(arrays: Sequence[FloatArray]) -> tuple[Tensor, Tensor]:
    """``arrays``, each [N, ...], as [B, max N, ...] with zeros behind, and bool [B, max N]: what is real."""
    lengths = torch.tensor([len(array) for array in arrays])
    values = pad_sequence([torch.from_numpy(array) for array in arrays], batch_first=True)
    return values, torch.arange(values.shape[1]) < lengths.unsqueeze(1)


def frames_of(clips: Sequence[Clip]) -> tuple[Tensor, Tensor]:
    """The frame states of ``clips`` as [B, T, W], and which are real [B, T]."""
    return padded([clip.states.frames for clip in clips])


def words_for(query: QueryStates, count: int) -> tuple[Tensor, Tensor]:
    """The words of ``query``, once for each of ``count`` clips: [B, L, text_width], bool [B, L]."""
    tokens = torch.from_numpy(query.tokens).expand(count, *query.tokens.shape)
    return tokens, torch.ones(tokens.shape[:2], dtype=torch.bool)
