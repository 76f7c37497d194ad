"""What the composer takes."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from vtr.models.heads.base import HeadError, TensorBatch
from vtr.models.heads.masks import check_masked


@dataclass(frozen=True)
class CovrBatch(TensorBatch):
    """B composed queries and, for training, their right answers.

    ``example`` [B, dim]: the example's vector as it stands in the index; ``frames`` [B, T, frame_dim] with
    ``frame_mask`` bool [B, T]: all its frames; ``tokens`` [B, L, text_dim] with ``token_mask`` [B, L]: the
    modification text. ``target`` [B, dim]: the right answers' vectors in the index; ``target_frames``,
    ``target_frame_mask``: all their frames, at the times of the example's as far as both go; ``caption``
    [B, dim]: vectors of their captions. ``example_ids``, ``target_ids`` int64 [B]: which videos they are, so
    that the same video twice in a batch is no wrong answer.
    """

    example: Tensor
    frames: Tensor
    frame_mask: Tensor
    tokens: Tensor
    token_mask: Tensor
    target: Tensor | None = None
    target_frames: Tensor | None = None
    target_frame_mask: Tensor | None = None
    caption: Tensor | None = None
    example_ids: Tensor | None = None
    target_ids: Tensor | None = None

    def check(self, *, frame_dim: int, text_dim: int, dim: int) -> None:
        """Raises :class:`HeadError`, naming the field, where a shape is not as documented."""
        check_masked("frames", self.frames, self.frame_mask, frame_dim)
        check_masked("tokens", self.tokens, self.token_mask, text_dim)
        size = len(self.frames)
        if len(self.tokens) != size:
            raise HeadError(f"tokens: {len(self.tokens)} rows, but frames has {size}")
        if self.target_frames is not None:
            if self.target_frame_mask is None or len(self.target_frames) != size:
                raise HeadError(f"target_frames: {size} rows and their mask are needed")
            check_masked("target_frames", self.target_frames, self.target_frame_mask, frame_dim)
        for name, value in (("example", self.example), ("target", self.target), ("caption", self.caption)):
            if value is not None and value.shape != (size, dim):
                raise HeadError(f"{name}: shape {list(value.shape)}, but {[size, dim]} is needed")
