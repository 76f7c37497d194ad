"""ReGaDa at work: which parts of the frame fit the words, and whether the thing is done the way they say."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from vtr.contracts.events.results import Manner
from vtr.models.encoders.base import FloatArray
from vtr.models.heads.regada.adverb_head import AdverbBatch, AdverbHead
from vtr.models.heads.regada.boxes import grid_boxes
from vtr.models.heads.regada.heat_map import smooth_map
from vtr.models.heads.regada.model import Regada
from vtr.models.heads.regada.region_head import RegionBatch, RegionHead
from vtr.models.heads.serving.card import serving_of
from vtr.models.heads.serving.manner import MannerReader
from vtr.models.heads.serving.padding import frames_of, padded, words_for
from vtr.models.heads.serving.protocol import Clip, Evidence, HeadScores, Heat, QueryStates
from vtr.models.training.checkpoints import Card

REGIONS, MANNER = "regions", "manner"
FINE = 12
"""Rows and columns of a heat map: a thing that lies across cells is found between their middles."""


class RegadaRunner:
    """A :class:`~vtr.models.heads.serving.protocol.HeadRunner`.

    The score is the fit of the regions plus, where the text names an adverb of the vocabulary, by how much it
    outscores its antonym; each times its weight in the card's ``serving.mix``, 1 where it names none. Thread
    safe.
    """

    name = Regada.name

    def __init__(self, head: Regada, card: Card) -> None:
        self._head = head.eval()
        self.version = card.sha256[:12]
        self.serving = serving_of(card)
        adverbs = head.adverbs
        self._reader = None
        if adverbs is not None:
            also = card.assets.get("wording", {})
            self._reader = MannerReader(adverbs.config.actions, adverbs.config.adverbs, also)

    @torch.inference_mode()
    def score(self, query: QueryStates, clips: Sequence[Clip]) -> HeadScores:
        total = np.zeros(len(clips), dtype=np.float32)
        heats: list[Heat | None] = [None] * len(clips)
        manners: list[Manner | None] = [None] * len(clips)
        if self._head.regions is not None:
            fit, found = _regions(self._head.regions, query, clips)
            total += self.serving.mix.get(REGIONS, 1.0) * fit
            heats = [*found]
        if self._head.adverbs is not None and self._reader is not None:
            named = self._reader.find(query.text)
            if named is not None:
                told = _manners(self._head.adverbs, clips, named.action, named.adverb)
                margins = np.array([m.score - m.antonym_score for m in told], dtype=np.float32)
                total += self.serving.mix.get(MANNER, 1.0) * margins
                manners = [*told]
        evidence = tuple(Evidence(heat=h, manner=m) for h, m in zip(heats, manners, strict=True))
        return HeadScores(total, evidence)


def _regions(head: RegionHead, query: QueryStates, clips: Sequence[Clip]) -> tuple[FloatArray, list[Heat]]:
    features, real = padded([_checked(clip).states.regions for clip in clips])
    cells = features.shape[2]
    side = math.isqrt(cells)
    words, word_mask = words_for(query, len(clips))
    match = head(
        RegionBatch(
            features=features,
            boxes=grid_boxes(side, side).expand(*features.shape[:3], 4),
            mask=real.unsqueeze(-1).expand(*real.shape, cells),
            words=words,
            word_mask=word_mask,
        )
    )
    heats = [_heat(match.heat[row], clip, side) for row, clip in enumerate(clips)]
    return match.scores.numpy(), heats


def _checked(clip: Clip) -> Clip:
    regions = clip.states.regions
    if not len(regions) or math.isqrt(regions.shape[1]) ** 2 != regions.shape[1]:
        raise ValueError(f"regions: {list(regions.shape)}, but frames with a square grid of cells are needed")
    return clip


def _heat(heat: Tensor, clip: Clip, side: int) -> Heat:
    """``heat`` [S', R] of a padded clip as that of its own frames."""
    fine = smooth_map(heat[: len(clip.states.regions)], side, FINE, FINE)
    return Heat(fine.numpy(), clip.states.region_times_s)


def _manners(head: AdverbHead, clips: Sequence[Clip], action: int, adverb: int) -> list[Manner]:
    snippets, mask = frames_of(clips)
    cosines = head(AdverbBatch(snippets, mask, torch.full((len(clips),), action)))
    config = head.config
    antonym = config.antonyms[adverb]
    return [
        Manner(
            action=config.actions[action],
            adverb=config.adverbs[adverb],
            antonym=config.adverbs[antonym],
            score=float(row[adverb]),
            antonym_score=float(row[antonym]),
        )
        for row in cosines
    ]
