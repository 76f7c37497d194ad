"""Hubness: a few videos that are near to everything answer queries that ask for others.

Radovanovic, Nanopoulos and Ivanovic, JMLR 2010: measured as the skewness of the k-occurrences.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from vtr.evaluation.metrics.checks import Ints, cutoff, score_matrix


def k_occurrences(scores: ArrayLike, k: int) -> Ints:
    """In how many queries' best ``k`` each item is: int64 [N], summing to Q times min(k, N).

    ``scores`` [Q, N]. Ties go to the item that comes first.
    """
    matrix = score_matrix(scores)
    best = np.argsort(-matrix, axis=1, kind="stable")[:, : cutoff(k)]
    return np.asarray(np.bincount(best.ravel(), minlength=matrix.shape[1]), dtype=np.int64)


def hubness(scores: ArrayLike, k: int = 10) -> float:
    """Skewness of :func:`k_occurrences`, E[(n - mean)^3] / std^3.

    0 where every item is found equally often; the more it exceeds 0, the more a few hubs take the answers.
    """
    counts = k_occurrences(scores, k).astype(np.float64)
    spread = counts.std()
    return float(((counts - counts.mean()) ** 3).mean() / spread**3) if spread > 0 else 0.0
