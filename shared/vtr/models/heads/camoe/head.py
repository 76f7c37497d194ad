"""The head that the trainer trains: experts, their slow twin, the queue and the losses."""

from __future__ import annotations

from typing import ClassVar, NamedTuple, Self, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from vtr.models.heads.base import TOTAL
from vtr.models.heads.camoe.batch import CamoeBatch, FalseTexts
from vtr.models.heads.camoe.config import CamoeConfig
from vtr.models.heads.camoe.experts import CamoeEncoder, Texts, pair_scores, scores
from vtr.models.heads.camoe.momentum import follow, momentum_copy
from vtr.models.heads.camoe.queue import UNKNOWN, MomentumQueue
from vtr.models.losses.dual_softmax import dual_softmax_loss


class CamoeOutput(NamedTuple):
    """``scores`` [B, B], text i and video j; ``gates`` [B, E] of the texts, in the order of the experts."""

    scores: Tensor
    gates: Tensor
    texts: Tensor
    videos: Tensor


class Camoe(nn.Module):
    """Mixture of experts with memory. ``encoder`` is what serving loads; all else is for training."""

    name: ClassVar[str] = "camoe"

    def __init__(self, config: CamoeConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = CamoeEncoder(config)
        self.slow = momentum_copy(self.encoder) if config.queue else None
        self.queue = MomentumQueue(config.queue, len(config.experts), config.dim) if config.queue else None
        self._keys: tuple[Texts, Tensor, Tensor] | None = None

    def train(self, mode: bool = True) -> Self:
        """As any module; the slow twin stays in evaluation mode."""
        super().train(mode)
        if self.slow is not None:
            self.slow.eval()
        return self

    def forward(self, batch: CamoeBatch) -> CamoeOutput:
        """Scores of all pairs of ``batch`` and the gates that explain them.

        Raises :class:`HeadError` for a batch of other shapes than documented.
        """
        texts, videos = self._encode(batch)
        return CamoeOutput(scores(texts, videos), texts.gates, texts.vectors, videos)

    def loss(self, batch: CamoeBatch) -> dict[str, Tensor]:
        """Dual softmax over the batch; and, as far as batch and configuration have them, cross-entropy with
        the queue's past embeddings as negatives, each video's text against its false ones, and both losses of
        single events.

        In training mode the batch's keys wait for :meth:`after_step` to enter the queue.
        """
        texts, videos = self._encode(batch)
        c = self.config
        parts = {"dual_softmax": (c.dsl_weight, self._dual_softmax(texts, videos, batch.ids))}
        if self.queue is not None and self.slow is not None:
            ids = batch.ids
            if ids is None:
                ids = torch.full((len(videos),), UNKNOWN, device=videos.device)
            with torch.no_grad():
                text_keys, video_keys = self.slow(batch)
            if self.training:
                self._keys = (text_keys, video_keys, ids)
            queued = self._queue_loss((texts, videos), (text_keys, video_keys), ids, self.queue)
            parts["queue"] = (c.queue_weight, queued)
        if batch.false is not None and c.false_weight:
            parts["false"] = (c.false_weight, self._false_loss(texts, videos, batch.false))
        if batch.events is not None and c.event_weight:
            events = self._encode(batch.events)
            parts["events"] = (c.event_weight, self._dual_softmax(*events, batch.events.ids))
            if batch.events.false is not None and c.false_weight:
                parts["false_events"] = (c.false_weight, self._false_loss(*events, batch.events.false))
        total = torch.stack([weight * part for weight, part in parts.values()]).sum()
        return {TOTAL: total, **{name: part.detach() for name, (_, part) in parts.items()}}

    def after_step(self) -> None:
        """The slow twin follows, and the last batch's keys enter the queue; once per batch."""
        if self.slow is None or self.queue is None or self._keys is None:
            return
        follow(self.slow, self.encoder, self.config.momentum)
        self.queue.push(*self._keys)
        self._keys = None

    def _encode(self, batch: CamoeBatch) -> tuple[Texts, Tensor]:
        c = self.config
        batch.check(frame_dim=c.frame_dim, text_dim=c.text_dim, experts=len(c.experts))
        return cast("tuple[Texts, Tensor]", self.encoder(batch))

    def _dual_softmax(self, texts: Texts, videos: Tensor, ids: Tensor | None) -> Tensor:
        same = None if ids is None else ids.unsqueeze(1) == ids
        with torch.autocast(videos.device.type, enabled=False):
            found = scores(texts, videos)
            c = self.config
            return dual_softmax_loss(found, temp=c.dsl_temp, scale=1 / c.tau, ignore=same)

    def _false_loss(self, texts: Texts, videos: Tensor, false: FalseTexts) -> Tensor:
        """InfoNCE of a video's own text against one false text at a time: ``softplus((s' - s) / tau)``."""
        wrong = self.encoder.texts(false.tokens, false.token_mask, false.streams)
        right = pair_scores(texts, videos)[false.rows]
        return functional.softplus((pair_scores(wrong, videos[false.rows]) - right) / self.config.tau).mean()

    def _queue_loss(
        self, fast: tuple[Texts, Tensor], keys: tuple[Texts, Tensor], ids: Tensor, queue: MomentumQueue
    ) -> Tensor:
        """InfoNCE of each text against its video's key and the queue's videos, and the other way round."""
        excluded = queue.no_negatives(ids)
        with torch.autocast(ids.device.type, enabled=False):
            to_video = _with_queue(pair_scores(fast[0], keys[1]), scores(fast[0], queue.videos), excluded)
            to_text = _with_queue(pair_scores(keys[0], fast[1]), scores(queue.texts(), fast[1]).T, excluded)
        right = torch.zeros(len(ids), dtype=torch.int64, device=ids.device)
        tau = self.config.tau
        return (
            functional.cross_entropy(to_video / tau, right) + functional.cross_entropy(to_text / tau, right)
        ) / 2


def _with_queue(positives: Tensor, negatives: Tensor, excluded: Tensor) -> Tensor:
    """The right answer first, then the queue: [B, 1 + size]."""
    return torch.cat([positives.unsqueeze(1), negatives.masked_fill(excluded, float("-inf"))], dim=1)
