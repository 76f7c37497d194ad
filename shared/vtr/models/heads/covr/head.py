"""The head that the trainer trains: the composer and its losses."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from vtr.models.dual.pooling import PartPooling
from vtr.models.heads.base import TOTAL, HeadError
from vtr.models.heads.covr.batch import CovrBatch
from vtr.models.heads.covr.change_loss import change_loss, frame_loss
from vtr.models.heads.covr.composer import Composed, Composer
from vtr.models.heads.covr.config import CovrConfig
from vtr.models.heads.covr.spans import merge_spans
from vtr.models.heads.masks import unit, zeroed
from vtr.models.losses.hn_nce import hn_nce


class Covr(nn.Module):
    """Composed queries, searched in the ordinary index: the targets are vectors that already stand there."""

    name: ClassVar[str] = "covr"

    def __init__(self, config: CovrConfig) -> None:
        super().__init__()
        self.config = config
        self.composer = Composer(config)

    def start_from(self, pool: PartPooling) -> None:
        """Pools changed frames at first as ``pool`` pools frames, which made the vectors of the index.

        Raises :class:`HeadError` where it is of another shape.
        """
        if self.composer.editor is None:
            return
        try:
            self.composer.editor.pool.load_state_dict(pool.state_dict())
        except RuntimeError as error:
            raise HeadError(f"slots, slot_dim, frame_dim, dim: not those of the pooling: {error}") from error

    def forward(self, batch: CovrBatch) -> Composed:
        """The composed queries of ``batch``; its targets are not looked at.

        Raises :class:`HeadError` for a batch of other shapes than documented.
        """
        batch.check(frame_dim=self.config.frame_dim, text_dim=self.config.text_dim, dim=self.config.dim)
        composed: Composed = self.composer(
            batch.example, batch.frames, batch.frame_mask, batch.tokens, batch.token_mask
        )
        return composed

    def loss(self, batch: CovrBatch) -> dict[str, Tensor]:
        """HN-NCE of queries against target videos, and (CoVR-2) against the targets' captions; the change.

        Raises :class:`HeadError` where ``target`` is missing, or what a term of a weight above 0 needs.
        """
        if batch.target is None:
            raise HeadError("target: missing, the loss needs the right answers' vectors")
        composed = self(batch)
        ignore = self._no_negatives(batch)
        videos = self._hn_nce(composed.vectors, batch.target, ignore)
        losses = {"videos": videos.detach(), "kept": composed.kept.mean().detach()}
        total = videos
        if self.config.caption_weight:
            if batch.caption is None:
                raise HeadError("caption: missing, but caption_weight is above 0")
            captions = self._hn_nce(composed.vectors, batch.caption, ignore)
            losses["captions"] = captions.detach()
            total = total + self.config.caption_weight * captions
        if self.config.change_weight:
            change = change_loss(
                composed.vectors, unit(batch.example), unit(batch.target), self.config.change_tau
            )
            losses["change"] = change.detach()
            total = total + self.config.change_weight * change
        if self.config.frame_weight:
            frames = self._frame_loss(composed, batch)
            losses["frames"] = frames.detach()
            total = total + self.config.frame_weight * frames
        return {TOTAL: total, **losses}

    def after_step(self) -> None:
        """Nothing moves without a gradient here."""

    def _hn_nce(self, queries: Tensor, answers: Tensor, ignore: Tensor) -> Tensor:
        similarities = queries @ unit(answers).T
        c = self.config
        return hn_nce(similarities, alpha=c.alpha, beta=c.beta, tau=c.tau, ignore=ignore)

    def _frame_loss(self, composed: Composed, batch: CovrBatch) -> Tensor:
        if batch.target_frames is None or batch.target_frame_mask is None or composed.edited is None:
            raise HeadError("target_frames: missing, but frame_weight is above 0")
        span = self.config.span
        before, mask = merge_spans(zeroed(batch.frames, batch.frame_mask), batch.frame_mask, span)
        theirs = batch.target_frame_mask
        after, after_mask = merge_spans(zeroed(batch.target_frames, theirs), theirs, span)
        both = min(before.shape[1], after.shape[1])
        return frame_loss(
            composed.edited[:, :both],
            before[:, :both],
            after[:, :both],
            mask[:, :both] & after_mask[:, :both],
        )

    def _no_negatives(self, batch: CovrBatch) -> Tensor:
        """Bool [B, B]: True where answer j is no wrong answer to query i, though it is another row."""
        size = len(batch.frames)
        if batch.target_ids is None:
            return torch.zeros(size, size, dtype=torch.bool, device=batch.frames.device)
        same = batch.target_ids.unsqueeze(1) == batch.target_ids
        if batch.example_ids is not None and not self.config.example_is_negative:
            same = same | (batch.example_ids.unsqueeze(1) == batch.target_ids)
        return same
