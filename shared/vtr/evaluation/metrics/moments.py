"""How well moments are found: R@K at an IoU, and mIoU.

A predicted moment and a true one are matched by OVERLAP, never by being the same anchor or the same index.
Proposals lie on a grid that the annotators did not know, so hardly any equals the truth; matching by anchor
would measure how well the grid happens to fit, would not compare methods with different grids (or none), and
would call a window that is a tenth of a second off as wrong as one at the other end of the video. Overlap,
|A and B| / |A or B|, is one measure for all of them, and its threshold says how exact an answer had to be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from vtr.evaluation.metrics.checks import Floats, cutoff, same_length

IOUS = (0.3, 0.5, 0.7)


def overlap(predicted: ArrayLike, true: ArrayLike) -> Floats:
    """Temporal intersection over union of every pair.

    ``predicted`` [P, 2] and ``true`` [M, 2] as (start_s, end_s), end after start. Returns float64 [P, M].
    """
    a, b = _windows(predicted, "predicted"), _windows(true, "true")
    start = np.maximum(a[:, None, 0], b[None, :, 0])
    end = np.minimum(a[:, None, 1], b[None, :, 1])
    both = np.maximum(0.0, end - start)
    either = (a[:, 1] - a[:, 0])[:, None] + (b[:, 1] - b[:, 0])[None] - both
    return np.asarray(both / either, dtype=np.float64)


def best_overlaps(predicted: Sequence[ArrayLike], true: Sequence[ArrayLike], k: int) -> Floats:
    """Of each query, the best overlap of its first ``k`` predictions with any of its true moments.

    ``predicted[q]`` [P_q, 2], best first; a query with no prediction (P_q = 0) has overlap 0. ``true[q]``
    [M_q, 2]: a query may have several right moments, and one that overlaps any is right. Returns float64 [Q].
    """
    same_length(predicted=predicted, true=true)
    cutoff(k)
    found = np.zeros(len(predicted))
    for q, (guesses, truths) in enumerate(zip(predicted, true, strict=True)):
        if len(np.asarray(guesses)):
            found[q] = overlap(np.asarray(guesses, dtype=np.float64)[:k], truths).max()
    return found


def moment_metrics(
    predicted: Sequence[ArrayLike],
    true: Sequence[ArrayLike],
    ks: Sequence[int] = (1, 5),
    ious: Sequence[float] = IOUS,
) -> Mapping[str, float]:
    """``R@K IoU=x`` (share of queries with a right moment among the first K) and ``mIoU``, in percent.

    A prediction is right if it overlaps a true moment by at least ``x``. ``mIoU`` is that of the first
    prediction. Shapes as :func:`best_overlaps`.
    """
    found: dict[str, float] = {}
    for k in ks:
        best = best_overlaps(predicted, true, k)
        found |= {f"R@{k} IoU={iou:g}": float(100.0 * np.mean(best >= iou)) for iou in ious}
    return {**found, "mIoU": float(100.0 * best_overlaps(predicted, true, 1).mean())}


def _windows(windows: ArrayLike, name: str) -> Floats:
    found = np.asarray(windows, dtype=np.float64)
    if found.ndim != 2 or found.shape[1] != 2 or not len(found):
        raise ValueError(f"{name}: expected [moments, 2] with at least one moment, not {found.shape}")
    if not np.isfinite(found).all() or (found[:, 1] <= found[:, 0]).any():
        bad = found[~(found[:, 1] > found[:, 0])]
        raise ValueError(f"{name}: a moment has to end after it starts, not {bad[:1].tolist()}")
    return found
