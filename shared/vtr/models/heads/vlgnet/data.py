"""Batches for the moment head, from the states of the dual encoder's frozen towers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar
from zlib import crc32

import numpy as np
import torch
from torch import Tensor

from vtr.evaluation.corpus.read import Corpus
from vtr.evaluation.corpus.record import Caption, VideoRecord
from vtr.evaluation.datasets.base import MomentQuery
from vtr.evaluation.datasets.generated import moment_queries
from vtr.models.dual.evaluate import full_captions
from vtr.models.dual.states import CorpusStates, TextStates, text_states
from vtr.models.heads.vlgnet.batch import MomentBatch
from vtr.models.heads.vlgnet.claims import Claim, claims_of
from vtr.models.heads.vlgnet.examples import SNIPPETS, Example, Snippets, collate, snippets_of

WHOLE = 4
"""Every how many training batches one has captions of whole videos."""
_TRIES = 1000
T = TypeVar("T")


@dataclass
class MomentData:
    """The videos of one split, and sentences about them. Made once, held in memory.

    Every video's snippets and every sentence's states are computed when first asked for, and kept.
    """

    corpus: Corpus
    states: CorpusStates
    split: str
    snippets: int = SNIPPETS
    _videos: dict[str, Snippets] = field(default_factory=dict, repr=False)
    _texts: dict[str, TextStates] = field(default_factory=dict, repr=False)

    def queries(self) -> list[MomentQuery]:
        """A query for each caption of each event of the split."""
        return moment_queries(self.corpus.split(self.split))

    def video(self, video: str) -> Snippets:
        """The snippets of one video."""
        if video not in self._videos:
            self._videos[video] = snippets_of(
                self.states.frames(video),
                self.states.times_s(video),
                0.0,
                self.corpus.videos[video].duration_s,
                limit=self.snippets,
            )
        return self._videos[video]

    def texts(self, texts: Sequence[str]) -> list[TextStates]:
        """The states of each text."""
        new = sorted(set(texts) - self._texts.keys())
        if new:
            self._texts |= zip(new, self.read(new), strict=True)
        return [self._texts[text] for text in texts]

    def read(self, texts: Sequence[str]) -> list[TextStates]:
        """The states of each text, which are not kept."""
        return text_states(self.states.model, self.states.vocabulary, texts)

    def example(self, query: MomentQuery) -> Example:
        """A query with its targets."""
        return self.pair(query.video, query.text, query.windows)

    def pair(self, video: str, text: str, windows: Sequence[tuple[float, float]] = ()) -> Example:
        """Any sentence with any video of the corpus."""
        group = crc32(self.corpus.videos[video].group.encode())
        return Example(self.video(video), self.words(text), windows, group)

    def words(self, text: str) -> Tensor:
        """float32 [L, Dw] of one text."""
        return torch.from_numpy(self.texts([text])[0].tokens)


@dataclass(frozen=True)
class _Told:
    """What training says of one video: of each event, and of everything in it."""

    queries: list[MomentQuery]
    claims: tuple[Claim, ...]
    sentences: list[tuple[Claim, str]]
    captions: list[Caption]
    span: tuple[float, float]


class MomentBatches:
    """Training batches of ``size`` videos with a text each, a function of (``seed``, step) alone.

    A pass is a permutation of the videos; each time one of a video's sentences about an event is drawn, and
    one that is false of it: in a share ``hard`` of cases, if there is any, of a video that differs from it in
    one factor (the same thing moves the other way, say), else of any video. Every ``whole``-th batch (0:
    none) has captions of everything instead, whose moment is that from the first event to the last, and
    which are false with one factor swapped.
    """

    def __init__(
        self, data: MomentData, *, seed: int, size: int, hard: float = 0.5, whole: int = WHOLE
    ) -> None:
        self._data, self._seed, self._hard, self._whole = data, seed, hard, whole
        self._told: list[_Told] = []
        siblings: dict[str, list[int]] = {}
        for record in data.corpus.split(data.split):
            if record.events:
                siblings.setdefault(record.group, []).append(len(self._told))
                self._told.append(_told(record))
        self._siblings = {k: [s for s in group if s != k] for group in siblings.values() for k in group}
        if len(siblings) < 2:
            raise ValueError(f"split: {data.split!r} holds {len(siblings)} scenes with events, not 2")
        self._size = min(size, len(self._told))
        data.texts([text for told in self._told for _, text in told.sentences])

    def __call__(self, step: int) -> list[MomentBatch]:
        """The batch of ``step`` (from 0), in one chunk."""
        turn, place = divmod(step, len(self._told) // self._size)
        order = np.random.default_rng([self._seed, turn, 0]).permutation(len(self._told))
        chosen = order[place * self._size : (place + 1) * self._size].tolist()
        rng = np.random.default_rng([self._seed, step, 1])
        whole = self._whole and step % self._whole == self._whole - 1
        return [collate(self._whole_videos(chosen, rng) if whole else self._events(chosen, rng))]

    def _events(self, chosen: Sequence[int], rng: np.random.Generator) -> list[Example]:
        examples = []
        for k in chosen:
            example = self._data.example(_any(self._told[k].queries, rng))
            examples.append(replace(example, other=self._data.words(self._false(k, rng))))
        return examples

    def _whole_videos(self, chosen: Sequence[int], rng: np.random.Generator) -> list[Example]:
        captions = [_any(self._told[k].captions, rng) for k in chosen]
        false = [self._false_caption(k, c, rng) for k, c in zip(chosen, captions, strict=True)]
        # There are too many captions to keep the states of all.
        read = self._data.read([*(caption.text for caption in captions), *false])
        return [
            Example(
                self._data.video(self._told[k].queries[0].video),
                torch.from_numpy(true.tokens),
                (self._told[k].span,),
                other=torch.from_numpy(other.tokens),
            )
            for k, true, other in zip(chosen, read, read[len(captions) :], strict=False)
        ]

    def _false(self, video: int, rng: np.random.Generator) -> str:
        own = self._told[video].claims
        if rng.random() < self._hard:
            near = [
                text
                for sibling in self._siblings[video]
                for claim, text in self._told[sibling].sentences
                if not claim.true_of(own)
            ]
            if near:
                return _any(near, rng)
        for _ in range(_TRIES):
            claim, text = _any(_any(self._told, rng).sentences, rng)
            if not claim.true_of(own):
                return text
        raise ValueError(f"split: {self._data.split!r} holds no sentence that is false of one of its videos")

    def _false_caption(self, video: int, caption: Caption, rng: np.random.Generator) -> str:
        if caption.swaps and rng.random() < self._hard:
            return _any(list(caption.swaps.values()), rng)
        near = {video, *self._siblings[video]}
        while (other := int(rng.integers(len(self._told)))) in near:
            pass
        return _any(self._told[other].captions, rng).text


def _told(record: VideoRecord) -> _Told:
    claims = claims_of(record)
    return _Told(
        queries=moment_queries([record]),
        claims=claims,
        sentences=[
            (claim, text)
            for claim, event in zip(claims, record.events, strict=True)
            for text in event.captions
        ],
        captions=full_captions(record),
        span=(min(e.start_s for e in record.events), max(e.end_s for e in record.events)),
    )


def _any(values: Sequence[T], rng: np.random.Generator) -> T:
    return values[int(rng.integers(len(values)))]
