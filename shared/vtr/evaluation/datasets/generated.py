"""The generated corpus as a data set: one for all four tasks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from vtr.evaluation.corpus.read import Corpus, CorpusError, open_corpus
from vtr.evaluation.corpus.record import AdverbItem, Triplet, VideoRecord
from vtr.evaluation.corpus.splits import SPLITS
from vtr.evaluation.datasets.base import AdverbClip, ComposedQuery, MomentQuery, TextQuery, Video
from vtr.evaluation.datasets.files import DatasetError, split_of

FULL = "full"


@dataclass(frozen=True)
class Generated:
    """A corpus of ``vtr corpus make`` in directory ``root``.

    ``bases_only``: the gallery and its captions are the base scenes alone, without their counterfactual
    edits (the random gallery); otherwise all videos (the edits of a scene then stand beside it). Composed
    queries and adverbs need the edits and take all videos whatever it says. ``caption_kind`` as in
    :class:`vtr.evaluation.corpus.record.Caption`.
    """

    root: Path
    bases_only: bool = False
    caption_kind: str = FULL
    name: str = "generated"
    splits: Sequence[str] = SPLITS

    @cached_property
    def corpus(self) -> Corpus:
        """The corpus itself, for galleries, boxes and sounds. Raises :class:`DatasetError`."""
        with _told_as_ours():
            return open_corpus(self.root)

    def videos(self, split: str) -> list[Video]:
        return [Video(r.id, self.corpus.path(r), 0.0, r.duration_s) for r in self._records(split)]

    def queries(self, split: str) -> list[TextQuery]:
        return [
            TextQuery(f"{r.id}#{n}", caption.text, r.id)
            for r in self._records(split)
            for n, caption in enumerate(r.captions)
            if caption.kind == self.caption_kind
        ]

    def moments(self, split: str) -> list[MomentQuery]:
        """:func:`moment_queries` of the split's videos."""
        return moment_queries(self._records(split))

    def triplets(self, split: str) -> list[ComposedQuery]:
        split_of(split, self.splits, self.name)
        return [
            ComposedQuery(f"{split}-{n}", t.reference, t.text, t.target, self._caption(t.target))
            for n, t in enumerate(t for t in self._triplets if t.split == split)
        ]

    @cached_property
    def antonyms(self) -> dict[str, str]:
        items = self._adverbs
        return {a.adverb: a.antonym for a in items} | {a.antonym: a.adverb for a in items}

    def clips(self, split: str) -> list[AdverbClip]:
        split_of(split, self.splits, self.name)
        return [
            AdverbClip(
                f"{a.video}#{a.event}",
                a.video,
                a.action,
                a.adverb,
                a.start_s,
                a.end_s,
                a.composition_trained,
            )
            for a in self._adverbs
            if a.split == split
        ]

    def _records(self, split: str) -> list[VideoRecord]:
        split_of(split, self.splits, self.name)
        with _told_as_ours():
            return self.corpus.split(split, bases_only=self.bases_only)

    @property
    def _adverbs(self) -> list[AdverbItem]:
        with _told_as_ours():
            return self.corpus.adverbs

    @property
    def _triplets(self) -> list[Triplet]:
        with _told_as_ours():
            return self.corpus.triplets

    def _caption(self, video: str) -> str | None:
        with _told_as_ours():
            record = self.corpus.videos.get(video)
        if record is None:
            raise DatasetError(f"{self.root}: triplets: target {video} is not among the videos")
        return next((c.text for c in record.captions if c.kind == FULL), None)


def moment_queries(records: Iterable[VideoRecord]) -> list[MomentQuery]:
    """A query for each caption of each event. Events of a video whose captions are the same share their
    windows, since either is right."""
    found = []
    for r in records:
        windows: dict[str, list[tuple[float, float]]] = {}
        for event in r.events:
            for text in event.captions:
                windows.setdefault(text, []).append((event.start_s, event.end_s))
        found += [
            MomentQuery(f"{r.id}#{n}", text, r.id, r.duration_s, tuple(spans))
            for n, (text, spans) in enumerate(windows.items())
        ]
    return found


@contextmanager
def _told_as_ours() -> Iterator[None]:
    """What is wrong with a corpus is told as with any other data set."""
    try:
        yield
    except CorpusError as error:
        raise DatasetError(str(error)) from error
