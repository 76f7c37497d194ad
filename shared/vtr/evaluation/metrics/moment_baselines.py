"""What moments can be found without looking: a random window, and where moments usually are.

Data sets have their habits (moments at the beginning, of about so long), and a method that has only learned
those can look good (Otani et al., BMVC 2020). Both are to be printed beside every moment metric.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from vtr.evaluation.metrics.checks import Floats, Ints, cutoff, same_length, vector


def random_moments(durations_s: ArrayLike, k: int = 5, *, grid: int = 16, seed: int = 0) -> list[Floats]:
    """``k`` different windows of a ``grid`` of equal cells, drawn evenly, for each video: [Q] of [k, 2].

    ``durations_s`` [Q]: the length of each query's video.
    """
    rng = np.random.default_rng(seed)
    anchors = _anchors(grid)
    return [
        anchors[rng.choice(len(anchors), size=min(cutoff(k), len(anchors)), replace=False)] * (d / grid)
        for d in vector(durations_s, "durations_s")
    ]


@dataclass(frozen=True)
class MomentPrior:
    """Windows by how often training has them, blind to the query and to the video.

    ``anchors`` [A, 2] in cells of a ``grid``, most frequent first.
    """

    anchors: Floats
    grid: int

    @classmethod
    def fit(cls, windows: Sequence[ArrayLike], durations_s: ArrayLike, *, grid: int = 16) -> MomentPrior:
        """From the right ``windows`` [Q] of [M, 2] of training, in videos of ``durations_s`` [Q].

        Each is put on the window of the grid that it overlaps most.
        """
        lengths = vector(durations_s, "durations_s")
        same_length(windows=windows, durations_s=lengths)
        anchors = _anchors(grid)
        votes: Ints = np.zeros(len(anchors), dtype=np.int64)
        for found, duration in zip(windows, lengths, strict=True):
            for start, end in np.asarray(found, dtype=np.float64) * (grid / duration):
                both = np.minimum(anchors[:, 1], end) - np.maximum(anchors[:, 0], start)
                either = np.maximum(anchors[:, 1], end) - np.minimum(anchors[:, 0], start)
                votes[int(np.argmax(both / either))] += 1
        return cls(anchors[np.argsort(-votes, kind="stable")], grid)

    def predict(self, durations_s: ArrayLike, k: int = 5) -> list[Floats]:
        """The ``k`` most frequent windows, stretched to each video: [Q] of [k, 2] in seconds."""
        return [self.anchors[: cutoff(k)] * (d / self.grid) for d in vector(durations_s, "durations_s")]


def _anchors(grid: int) -> Floats:
    """All windows [A, 2] of whole cells of a grid."""
    if grid < 1:
        raise ValueError(f"grid: {grid} is less than 1")
    starts, ends = np.triu_indices(grid)
    return np.stack([starts, ends + 1], axis=1).astype(np.float64)
