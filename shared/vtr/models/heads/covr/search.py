"""Composed retrieval on a split: which videos are asked for, out of which, and how well scores find them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from vtr.evaluation.corpus.read import Corpus
from vtr.evaluation.metrics.checks import Bools, Ints
from vtr.evaluation.metrics.ranks import retrieval_metrics, target_ranks
from vtr.models.dual.states import CorpusStates
from vtr.models.heads.covr.data import ComposedData, seen_triplets, seen_videos
from vtr.models.heads.covr.head import Covr
from vtr.models.heads.covr.triplets import ComposedTriplet

Floats = NDArray[np.float32]
_AT_ONCE = 64
KS = (1, 5, 10)


@dataclass(frozen=True)
class ComposedSearch:
    """Q queries among N videos. ``examples``, ``targets`` int64 [Q]: places in ``gallery``, whose vectors are
    ``vectors`` [N, D]. ``groups`` [N]: of one scene and its edits."""

    triplets: tuple[ComposedTriplet, ...]
    gallery: tuple[str, ...]
    vectors: Floats
    examples: Ints
    targets: Ints
    groups: tuple[str, ...]

    @classmethod
    def of(cls, corpus: Corpus, states: CorpusStates, split: str) -> ComposedSearch:
        """Every triplet of ``split`` whose change is seen, among all its videos that look different."""
        triplets, gallery = seen_triplets(corpus, split), seen_videos(corpus, split)
        at = {video: place for place, video in enumerate(gallery)}
        return cls(
            triplets=tuple(triplets),
            gallery=tuple(gallery),
            vectors=np.stack([states.vector(video) for video in gallery]),
            examples=np.array([at[t.reference] for t in triplets], dtype=np.int64),
            targets=np.array([at[t.target] for t in triplets], dtype=np.int64),
            groups=tuple(corpus.videos[video].group for video in gallery),
        )

    @property
    def own(self) -> Bools:
        """bool [Q, N]: the example, which answers no query of its own."""
        found = np.zeros((len(self.triplets), len(self.gallery)), dtype=np.bool_)
        found[np.arange(len(found)), self.examples] = True
        return found

    @property
    def siblings(self) -> Bools:
        """bool [Q, N]: the other videos of the example's scene, the hard gallery of a query."""
        groups = np.asarray(self.groups)
        found: Bools = (groups[self.examples][:, None] == groups[None, :]) & ~self.own
        return found

    def only(self, rows: Ints) -> ComposedSearch:
        """The queries ``rows`` among the same videos."""
        return replace(
            self,
            triplets=tuple(self.triplets[row] for row in rows),
            examples=self.examples[rows],
            targets=self.targets[rows],
        )

    def ranks(self, queries: Floats) -> Ints:
        """The target's rank from 1 for each of ``queries`` [Q, D] by cosine, its example left out."""
        return target_ranks(queries @ self.vectors.T, self.targets, self.own)

    def hard_ranks(self, queries: Floats) -> Ints:
        """As :meth:`ranks`, among the example's siblings alone."""
        return target_ranks(queries @ self.vectors.T, self.targets, ~self.siblings)


def metrics(search: ComposedSearch, queries: Floats) -> Mapping[str, float]:
    """R@1, R@5, R@10, MedR and MeanR of ``queries`` [Q, D]."""
    return retrieval_metrics(search.ranks(queries), KS)


def by_factor(search: ComposedSearch, ranks: Ints) -> dict[str, float]:
    """R@1 in percent of the queries of each kind of change, under ``R@1 <factor>``."""
    factors = np.array([triplet.factor for triplet in search.triplets])
    return {
        f"R@1 {f}": 100.0 * float(np.mean(ranks[factors == f] == 1)) for f in dict.fromkeys(factors.tolist())
    }


@torch.inference_mode()
def composed(head: Covr, data: ComposedData, triplets: Sequence[ComposedTriplet]) -> Floats:
    """The composed queries of ``triplets``, float32 [Q, D], each of itself alone. ``head`` in eval mode."""
    parts = [
        head(data.queries(triplets[start : start + _AT_ONCE])).vectors.float().numpy()
        for start in range(0, len(triplets), _AT_ONCE)
    ]
    return np.concatenate(parts)
