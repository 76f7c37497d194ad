"""The rank at which a query finds what it asks for: everything of R@K, MedR and MeanR follows from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from vtr.evaluation.metrics.checks import Bools, Floats, Ints, cutoff, same_length, score_matrix


def first_hit_ranks(scores: ArrayLike, relevant: ArrayLike, exclude: ArrayLike | None = None) -> Ints:
    """The rank, from 1, of each query's best scored relevant item.

    ``scores`` [Q, N], ``relevant`` bool [Q, N] with at least one True in every row, ``exclude`` bool [Q, N]:
    items left out of a query's gallery (composed retrieval leaves out the reference itself).

    Pessimistic: every irrelevant item with the same score stands before the relevant one. Returns int64 [Q].
    """
    matrix = score_matrix(scores)
    wanted = _mask(relevant, matrix, "relevant")
    present = np.ones_like(wanted) if exclude is None else ~_mask(exclude, matrix, "exclude")
    wanted = wanted & present
    if not wanted.any(axis=1).all():
        query = int(np.argmin(wanted.any(axis=1)))
        raise ValueError(f"relevant: nothing in the gallery is relevant to query {query}")
    best = np.where(wanted, matrix, -np.inf).max(axis=1, keepdims=True)
    before = (matrix >= best) & present & ~wanted
    return np.asarray(before.sum(axis=1) + 1, dtype=np.int64)


def target_ranks(scores: ArrayLike, targets: Sequence[int] | Ints, exclude: ArrayLike | None = None) -> Ints:
    """:func:`first_hit_ranks` where query q asks for the one item ``targets[q]``."""
    matrix = score_matrix(scores)
    chosen = np.asarray(targets, dtype=np.int64)
    if chosen.shape != (len(matrix),):
        raise ValueError(f"targets: {chosen.shape} for {len(matrix)} queries")
    if chosen.min() < 0 or chosen.max() >= matrix.shape[1]:
        raise ValueError(f"targets: {chosen.min()}..{chosen.max()} in a gallery of {matrix.shape[1]}")
    relevant = np.zeros(matrix.shape, dtype=np.bool_)
    relevant[np.arange(len(matrix)), chosen] = True
    return first_hit_ranks(matrix, relevant, exclude)


def group_ranks(
    scores: ArrayLike,
    targets: Sequence[int] | Ints,
    query_groups: Sequence[str],
    item_groups: Sequence[str],
) -> Ints:
    """:func:`target_ranks` where a query chooses among the items of its own group alone: int64 [Q].

    For hard galleries, each a scene and its counterfactual edits: ``query_groups`` [Q] and ``item_groups``
    [N] name the group of each. Chance depends on the sizes of the groups; :func:`group_chance` gives it.
    """
    same_length(targets=targets, query_groups=query_groups)
    theirs, all_items = np.asarray(query_groups), np.asarray(item_groups)
    return target_ranks(scores, targets, exclude=theirs[:, None] != all_items[None, :])


def group_chance(query_groups: Sequence[str], item_groups: Sequence[str]) -> float:
    """R@1 in percent of guessing within each query's group."""
    sizes = Counter(item_groups)
    return float(100.0 * np.mean([1.0 / sizes[group] for group in query_groups]))


def recall_at(ranks: ArrayLike, k: int) -> float:
    """R@K: the share of queries whose first hit is among the best ``k``, in percent."""
    return float(100.0 * np.mean(_ranks(ranks) <= cutoff(k)))


def median_rank(ranks: ArrayLike) -> float:
    """MedR, from 1; half ranks where the number of queries is even."""
    return float(np.median(_ranks(ranks)))


def mean_rank(ranks: ArrayLike) -> float:
    """MeanR, from 1."""
    return float(np.mean(_ranks(ranks)))


def retrieval_metrics(ranks: ArrayLike, ks: Sequence[int] = (1, 5, 10)) -> Mapping[str, float]:
    """``R@K`` for each of ``ks`` in percent, ``MedR`` and ``MeanR``, in that order."""
    checked = _ranks(ranks)
    found = {f"R@{k}": recall_at(checked, k) for k in ks}
    return {**found, "MedR": median_rank(checked), "MeanR": mean_rank(checked)}


def recall_curve(ranks: ArrayLike, gallery: int) -> Floats:
    """R@K in percent for every K from 1 to ``gallery``: float64 [gallery], never falling, 100 at the end."""
    checked = _ranks(ranks)
    if checked.max() > cutoff(gallery):
        raise ValueError(f"gallery: {gallery} items, but a rank of {checked.max()}")
    counts = np.bincount(checked, minlength=gallery + 1)[1:]
    return np.asarray(100.0 * np.cumsum(counts) / len(checked), dtype=np.float64)


def _ranks(ranks: ArrayLike) -> Ints:
    found = np.asarray(ranks)
    if found.ndim != 1 or not found.size:
        raise ValueError(f"ranks: expected at least one rank in a list, not shape {found.shape}")
    if not np.issubdtype(found.dtype, np.integer) or found.min() < 1:
        raise ValueError("ranks: expected whole numbers from 1")
    return found.astype(np.int64)


def _mask(mask: ArrayLike, scores: Floats, name: str) -> Bools:
    found = np.asarray(mask)
    if found.dtype != np.bool_ or found.shape != scores.shape:
        raise ValueError(f"{name}: expected bool {scores.shape}, not {found.dtype} {found.shape}")
    return found
