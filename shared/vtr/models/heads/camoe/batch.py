"""What the experts take."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vtr.models.heads.base import HeadError, TensorBatch
from vtr.models.heads.masks import check_masked


@dataclass(frozen=True)
class FalseTexts(TensorBatch):
    """N texts that are false of videos of a batch: the videos' own texts with one factor swapped.

    ``tokens`` [N, L', text_dim], ``token_mask`` and ``streams`` as in :class:`CamoeBatch`; ``rows`` int64
    [N]: of which video each is false.
    """

    tokens: Tensor
    token_mask: Tensor
    streams: Tensor
    rows: Tensor


@dataclass(frozen=True)
class CamoeBatch(TensorBatch):
    """B videos and their texts, row by row.

    ``frames`` [B, T, frame_dim] with ``frame_mask`` bool [B, T]; ``tokens`` [B, L, text_dim] with
    ``token_mask`` [B, L]; ``streams`` bool [B, E, L]: which tokens each expert reads, in the order of the
    configuration's experts (:func:`vtr.models.heads.camoe.streams.token_streams`). ``ids`` int64 [B], not
    negative: which video a row is, so that its other captions are no wrong answers. For training alone:
    ``false`` texts of the videos, and ``events``: single events of them with a text each, compared among
    themselves; there equal ``ids`` are events that no text tells apart.
    """

    frames: Tensor
    frame_mask: Tensor
    tokens: Tensor
    token_mask: Tensor
    streams: Tensor
    ids: Tensor | None = None
    false: FalseTexts | None = None
    events: CamoeBatch | None = None

    def check(self, *, frame_dim: int, text_dim: int, experts: int) -> None:
        """Raises :class:`HeadError`, naming the field, where a shape is not as documented."""
        check_masked("frames", self.frames, self.frame_mask, frame_dim)
        check_masked("tokens", self.tokens, self.token_mask, text_dim)
        if len(self.tokens) != len(self.frames):
            raise HeadError(f"tokens: {len(self.tokens)} rows, but frames has {len(self.frames)}")
        needed = (len(self.tokens), experts, self.tokens.shape[1])
        if self.streams.dtype != torch.bool or self.streams.shape != needed:
            raise HeadError(
                f"streams: {self.streams.dtype} {list(self.streams.shape)}, "
                f"but torch.bool {list(needed)} is needed"
            )
        silent = torch.nonzero(~(self.streams & self.token_mask.unsqueeze(1)).flatten(1).any(dim=1))
        if len(silent):
            raise HeadError(f"streams: row {int(silent[0])} has no token in any of them")
        if self.ids is not None and self.ids.shape != (len(self.frames),):
            raise HeadError(f"ids: shape {list(self.ids.shape)}, but [{len(self.frames)}] is needed")
