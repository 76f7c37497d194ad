"""VLG-Net at work: the moments of a clip that fit the words, and how well its best one does."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from vtr.contracts.events.results import Moment
from vtr.models.heads.serving.card import serving_of
from vtr.models.heads.serving.protocol import Clip, Evidence, HeadScores, QueryStates
from vtr.models.heads.vlgnet import decode
from vtr.models.heads.vlgnet.examples import Example, Snippets, collate, snippets_of
from vtr.models.heads.vlgnet.model import VlgNet
from vtr.models.training.checkpoints import Card

MOMENTS = 5
"""How many moments of a clip are told, none overlapping another by more than half."""


class VlgNetRunner:
    """A :class:`~vtr.models.heads.serving.protocol.HeadRunner`; the score is the best moment's logit (or what
    the head's configuration reduces its map by). Thread safe."""

    name = VlgNet.name

    def __init__(self, head: VlgNet, card: Card) -> None:
        self._head = head.eval()
        self.version = card.sha256[:12]
        self.serving = serving_of(card)

    @torch.inference_mode()
    def score(self, query: QueryStates, clips: Sequence[Clip]) -> HeadScores:
        words = torch.from_numpy(query.tokens)
        batch = collate([Example(_snippets(clip), words) for clip in clips])
        found = self._head(batch)
        assert batch.edges_s is not None  # noqa: S101  (collate always gives them)
        moments = decode.moments(found, batch.edges_s, limit=MOMENTS)
        evidence = tuple(
            Evidence(moments=tuple(Moment(start_s=m.start_s, end_s=m.end_s, score=m.score) for m in of_clip))
            for of_clip in moments
        )
        return HeadScores(decode.video_scores(found, self._head.config.reduce).numpy(), evidence)


def _snippets(clip: Clip) -> Snippets:
    # A keyframe may lie a hair outside of its clip, by the rounding of both.
    times = clip.states.times_s.clip(clip.start_s, clip.end_s)
    return snippets_of(clip.states.frames, times, clip.start_s, clip.end_s)
