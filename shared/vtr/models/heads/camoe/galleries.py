"""The galleries of a split in which texts look for their videos, and how alike both are by two scorers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vtr.evaluation.corpus.read import Corpus
from vtr.evaluation.corpus.record import VideoRecord
from vtr.evaluation.metrics.checks import Bools, Ints
from vtr.evaluation.metrics.ranks import target_ranks
from vtr.models.dual.evaluate import full_captions
from vtr.models.dual.states import CorpusStates
from vtr.models.heads.camoe.data import TextReader, seen
from vtr.models.heads.camoe.embed import embed_texts, embed_videos
from vtr.models.heads.camoe.experts import CamoeEncoder

Scores = NDArray[np.floating[Any]]
BASES, ALL, HARD = "bases", "all", "hard"
"""Base videos alone; these and all their edits that are seen; each hard gallery by itself."""


@dataclass(frozen=True)
class Galleries:
    """Of split ``split``: N videos, and the first N texts of ``captions`` ask for them in this order; where
    there are more, the next N do so again."""

    records: tuple[VideoRecord, ...]
    captions: tuple[str, ...]
    hard: tuple[Ints, ...]

    @classmethod
    def of(cls, corpus: Corpus, split: str, *, captions: int = 1) -> Galleries:
        """``captions`` texts of each video, its last again where it has fewer.

        Raises ``ValueError`` for a split without videos.
        """
        records = seen(corpus.split(split))
        if not records:
            raise ValueError(f"split: {split!r} holds no video")
        texts = [full_captions(record) for record in records]
        asked = [of_video[min(n, len(of_video) - 1)].text for n in range(captions) for of_video in texts]
        at = {record.id: number for number, record in enumerate(records)}
        hard = [
            np.array([at[video] for video in gallery.videos], dtype=np.int64)
            for gallery in corpus.galleries
            if gallery.split == split
        ]
        return cls(tuple(records), tuple(asked), tuple(hard))

    @cached_property
    def bases(self) -> Bools:
        """Which of the videos are no edits: bool [N]."""
        return np.array([record.member == "base" for record in self.records])

    def size(self, name: str) -> int:
        """How many videos stand to choice in gallery ``name``, the mean over all hard ones; 0 for none."""
        if name == HARD:
            return round(float(np.mean([len(rows) for rows in self.hard]))) if self.hard else 0
        return int(self.bases.sum()) if name == BASES else len(self.records)

    def block(self, name: str, scores: Scores) -> Scores:
        """Of ``scores`` [B, N] of any queries, the columns of gallery ``name``, bases or all."""
        return scores[:, self.bases] if name == BASES else scores

    def parts(self, name: str, scores: Scores) -> Iterator[Scores]:
        """The square parts of ``scores`` [Q, N] (query q asks for q modulo N) that are gallery ``name``."""
        count = len(self.records)
        for start in range(0, len(scores), count):
            block = scores[start : start + count]
            if name == ALL:
                yield block
            elif name == BASES:
                yield block[np.ix_(self.bases, self.bases)]
            else:
                yield from (block[np.ix_(rows, rows)] for rows in self.hard)

    def ranks(self, name: str, scores: Scores) -> Ints:
        """The ranks at which the queries of gallery ``name`` find their videos, empty without a gallery."""
        found = [target_ranks(part, range(len(part))) for part in self.parts(name, scores)]
        return np.concatenate(found) if found else np.empty(0, dtype=np.int64)

    def recalls(self, scores: Scores) -> dict[str, float]:
        """R@1 in percent in each gallery there is."""
        ranks = {name: self.ranks(name, scores) for name in (BASES, ALL, HARD)}
        return {name: 100 * float((found == 1).mean()) for name, found in ranks.items() if len(found)}


@dataclass(frozen=True)
class Similarities:
    """``dual`` and ``head`` [Q, N]: cosines of the dual encoder, scores of the experts."""

    dual: Scores
    head: Scores

    def fused(self, weight: float) -> Scores:
        """``(dual + weight * head) / (1 + weight)``: still one inner product of a query's vector and a
        video's, and between -1 and 1."""
        return (self.dual + weight * self.head) / (1 + weight)


def similarities(
    encoder: CamoeEncoder, states: CorpusStates, reader: TextReader, texts: tuple[str, ...], videos: list[str]
) -> Similarities:
    """Of ``texts`` with the videos of these ids."""
    of_dual = np.stack([text.vector for text in reader(texts)])
    return Similarities(
        dual=of_dual @ states.vectors(videos).T,
        head=embed_texts(encoder, reader, texts) @ embed_videos(encoder, states, videos).T,
    )


WEIGHTS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


def choose_weight(galleries: Galleries, found: Similarities) -> tuple[float, Mapping[str, float]]:
    """The weight of :data:`WEIGHTS` with the best mean R@1 over bases and all, and its R@1 by gallery.

    The smallest of equally good ones. To be called with a validation split.
    """
    tried = {weight: galleries.recalls(found.fused(weight)) for weight in WEIGHTS}
    best = max(WEIGHTS, key=lambda weight: (tried[weight][BASES] + tried[weight][ALL], -weight))
    return best, tried[best]
