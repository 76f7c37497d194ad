"""Both towers and their loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from vtr.models.dual.config import DualConfig
from vtr.models.dual.text_tower import TextTower
from vtr.models.dual.video_tower import VideoTower
from vtr.models.dual.vocabulary import PAD
from vtr.models.heads.base import TOTAL, TensorBatch
from vtr.models.heads.masks import masked_mean
from vtr.models.losses.infonce import Temperature, info_nce

_WORDS = 15.0
"""The summed cross-entropy over words is divided by it, to stand beside the other losses."""


@dataclass(frozen=True)
class DualBatch(TensorBatch):
    """B videos with a caption each, E single events of them with a caption each.

    ``frames`` uint8 [N, side, side, 3], the real frames of all videos one after another; ``before`` uint8
    [N, gaps, side, side], what was seen some frames before each, in grey; ``times_s`` [B, T], ``mask`` bool
    [B, T]; ``tokens``, ``token_mask`` [B, L];
    ``swap_tokens``, ``swap_token_mask`` [B * K, L'] false captions, the K of a video one after another, of
    which those with ``swap_real`` bool [B, K] exist; ``event_video`` [E]: whose event it is, ``event_frames``
    bool [E, T], ``event_tokens``, ``event_token_mask`` [E, L'']; ``event_keys`` [E]: equal for events that
    no caption tells apart; ``event_swap_tokens``, ``event_swap_mask``, ``event_swap_real`` [E, K']: false
    captions of events, as those of videos.
    """

    frames: Tensor
    before: Tensor
    times_s: Tensor
    mask: Tensor
    tokens: Tensor
    token_mask: Tensor
    swap_tokens: Tensor
    swap_token_mask: Tensor
    swap_real: Tensor
    event_video: Tensor
    event_frames: Tensor
    event_tokens: Tensor
    event_token_mask: Tensor
    event_swap_tokens: Tensor
    event_swap_mask: Tensor
    event_swap_real: Tensor
    event_keys: Tensor


class DualEncoder(nn.Module):
    """Video and text towers of one space; a :class:`vtr.models.heads.base.Head`."""

    name: ClassVar[str] = "dual"

    def __init__(self, config: DualConfig, words: int) -> None:
        super().__init__()
        self.config = config
        self.video = VideoTower(config)
        self.text = TextTower(config, words)
        self.name_words = nn.Linear(config.width, words)
        self.tau = Temperature(config.tau)
        self.event_tau = Temperature(config.tau)

    def forward(self, batch: DualBatch) -> tuple[Tensor, Tensor]:
        """Unit vectors of the videos and of their captions, [B, dim] each."""
        videos = self.video(batch.frames, batch.before, batch.times_s, batch.mask)
        return videos, self.text(batch.tokens, batch.token_mask)

    def embed(self, batch: DualBatch) -> list[Tensor]:
        """Everything that :meth:`loss_of` compares: videos, captions, false captions; the same of events.

        Shapes [B, D], [B, D], [B, K, D], [E, D], [E, D], [E, K', D]; then how badly each
        video [B] and event [E] names the words of its caption.
        """
        values, place = self.video.states(batch.frames, batch.before, batch.times_s, batch.mask)
        videos = self.video.pool(values, place, batch.mask)
        captions = self.text(batch.tokens, batch.token_mask)
        false = self._false(batch.swap_tokens, batch.swap_token_mask, batch.swap_real, captions)
        share = batch.event_frames / batch.event_frames.sum(dim=1, keepdim=True).clamp(min=1)
        pooled = torch.einsum("et,etw->ew", share.to(values.dtype), values[batch.event_video])
        events = self.video.of_frame(pooled)
        clauses = captions.new_zeros((0, captions.shape[-1]))
        if len(events):
            clauses = self.text(batch.event_tokens, batch.event_token_mask)
        wrong = self._false(batch.event_swap_tokens, batch.event_swap_mask, batch.event_swap_real, captions)
        whole = masked_mean(values, batch.mask)
        unnamed = [
            self._unnamed(whole, batch.tokens),
            self._unnamed(pooled, batch.event_tokens) if len(events) else captions.new_zeros(0),
        ]
        return [videos, captions, false, events, clauses, wrong, *unnamed]

    def _false(self, tokens: Tensor, mask: Tensor, real: Tensor, like: Tensor) -> Tensor:
        """Vectors [N, K, D] of the false captions of N things, K for each."""
        if not real.numel():
            return like.new_zeros((*real.shape, like.shape[-1]))
        out: Tensor = self.text(tokens, mask).reshape(*real.shape, -1)
        return out

    def _unnamed(self, states: Tensor, tokens: Tensor) -> Tensor:
        """Cross-entropy of the words in ``tokens`` [N, L] given ``states`` [N, W], summed over words: [N].

        A caption's words, in any order, are a denser signal than which caption it is: early in training it
        teaches the frames' tower shapes and colours.
        """
        logits = self.name_words(states).float()
        wanted = torch.zeros_like(logits).scatter_(1, tokens, 1.0)
        wanted[:, PAD] = 0
        return functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none").sum(dim=1)

    def loss_of(self, embeddings: Sequence[Tensor], batches: Sequence[DualBatch]) -> dict[str, Tensor]:
        """The loss of embeddings concatenated over ``batches``."""
        with torch.autocast(embeddings[0].device.type, enabled=False):
            return self._loss_of(embeddings, batches)

    def _loss_of(self, embeddings: Sequence[Tensor], batches: Sequence[DualBatch]) -> dict[str, Tensor]:
        videos, captions, false, events, clauses, wrong, unnamed, unnamed_events = embeddings
        extra = (videos.unsqueeze(1) * false).sum(-1)
        real = torch.cat([batch.swap_real for batch in batches])
        whole = info_nce(videos @ captions.T, self.tau(), extra=extra, extra_mask=real)
        parts = {"whole": whole.detach(), "tau": self.tau().detach()}
        total = whole
        if self.config.clause_weight and len(events):
            keys = torch.cat([batch.event_keys for batch in batches])
            same = (keys[:, None] == keys[None]) & ~torch.eye(len(keys), dtype=torch.bool)
            clause = info_nce(
                (events @ clauses.T).masked_fill(same, -1e4),
                self.event_tau(),
                extra=(events.unsqueeze(1) * wrong).sum(-1),
                extra_mask=torch.cat([batch.event_swap_real for batch in batches]),
            )
            total = total + self.config.clause_weight * clause
            parts["clause"] = clause.detach()
        if self.config.word_weight:
            words = (torch.cat([unnamed, unnamed_events]) / _WORDS).mean()
            total = total + self.config.word_weight * words
            parts["words"] = words.detach()
        return {TOTAL: total, **parts}

    def loss(self, batch: DualBatch) -> dict[str, Tensor]:
        """See :class:`vtr.models.heads.base.Head`."""
        return self.loss_of(self.embed(batch), [batch])

    def after_step(self) -> None:
        """Keeps both temperatures in their range."""
        self.tau.clamp_()
        self.event_tau.clamp_()
