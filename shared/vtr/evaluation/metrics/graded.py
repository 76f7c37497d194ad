"""Metrics of a whole ranking, where more than one item is right or some are more right than others."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from vtr.evaluation.metrics.checks import Floats, cutoff, score_matrix


def average_precision(scores: ArrayLike, relevance: ArrayLike) -> Floats:
    """Average precision of each query: float64 [Q] in 0..1.

    ``scores`` [Q, N]; ``relevance`` [Q, N], above 0 is relevant. The mean of the precision at each relevant
    item's place; tied items stand with the irrelevant ones first. Raises ValueError for a query with nothing
    relevant, for which it is undefined.
    """
    gains = _ranked(scores, relevance) > 0
    if not gains.any(axis=1).all():
        raise ValueError(f"relevance: nothing is relevant to query {int(np.argmin(gains.any(axis=1)))}")
    precision = np.cumsum(gains, axis=1) / np.arange(1, gains.shape[1] + 1)
    return np.asarray((precision * gains).sum(axis=1) / gains.sum(axis=1), dtype=np.float64)


def mean_average_precision(scores: ArrayLike, relevance: ArrayLike) -> float:
    """mAP in percent: the mean of :func:`average_precision`."""
    return float(100.0 * average_precision(scores, relevance).mean())


def ndcg(scores: ArrayLike, relevance: ArrayLike, k: int) -> Floats:
    """Normalised discounted cumulative gain of the best ``k`` of each query: float64 [Q] in 0..1.

    The gain of an item is its relevance itself, discounted by ``log2(rank + 1)`` (Jarvelin and Kekalainen
    2002, as trec_eval counts). ``relevance`` [Q, N] is not negative. Tied items stand with the least relevant
    first. Raises ValueError for a query with nothing relevant.
    """
    gains = _ranked(scores, relevance)
    if gains.min() < 0:
        raise ValueError(f"relevance: {gains.min()} is negative")
    discount = 1.0 / np.log2(np.arange(2, min(cutoff(k), gains.shape[1]) + 2))
    ideal = -np.sort(-gains, axis=1)[:, : len(discount)] @ discount
    if not ideal.all():
        raise ValueError(f"relevance: nothing is relevant to query {int(np.argmin(ideal))}")
    return np.asarray((gains[:, : len(discount)] @ discount) / ideal, dtype=np.float64)


def mean_ndcg(scores: ArrayLike, relevance: ArrayLike, k: int) -> float:
    """nDCG@K in percent: the mean of :func:`ndcg`."""
    return float(100.0 * ndcg(scores, relevance, k).mean())


def _ranked(scores: ArrayLike, relevance: ArrayLike) -> Floats:
    """The relevance of each query's items from best to worst score, ties by rising relevance."""
    matrix = score_matrix(scores)
    gains = score_matrix(relevance, "relevance")
    if gains.shape != matrix.shape:
        raise ValueError(f"relevance: {gains.shape} for scores {matrix.shape}")
    order = np.lexsort((gains, -matrix), axis=1)
    return np.take_along_axis(gains, order, axis=1)
