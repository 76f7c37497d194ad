"""What a score matrix has to be before anything is counted from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


def score_matrix(scores: ArrayLike, name: str = "scores") -> Floats:
    """``scores`` as float64 [Q, N], higher is better. Raises ValueError on another shape, NaN or infinity."""
    matrix = np.asarray(scores, dtype=np.float64)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ValueError(f"{name}: expected [queries, items] with at least one of each, not {matrix.shape}")
    if not np.isfinite(matrix).all():
        query, item = np.argwhere(~np.isfinite(matrix))[0]
        raise ValueError(f"{name}: {matrix[query, item]} for query {query}, item {item}")
    return matrix


def vector(values: ArrayLike, name: str) -> Floats:
    """``values`` as float64 [N], N at least 1. Raises ValueError on another shape, NaN or infinity."""
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 1 or not found.size:
        raise ValueError(f"{name}: expected a list of at least one number, not shape {found.shape}")
    if not np.isfinite(found).all():
        raise ValueError(f"{name}: {found[~np.isfinite(found)][0]} at {int(np.argmin(np.isfinite(found)))}")
    return found


def same_length(**lists: Sequence[Any] | NDArray[Any]) -> int:
    """The one length of all ``lists``. Raises ValueError naming them if they differ or are empty."""
    lengths = {name: len(values) for name, values in lists.items()}
    if len(set(lengths.values())) != 1 or 0 in lengths.values():
        raise ValueError(f"lengths differ or are zero: {', '.join(f'{k} {v}' for k, v in lengths.items())}")
    return next(iter(lengths.values()))


def cutoff(k: int) -> int:
    """A cutoff K of at least 1. Raises ValueError otherwise."""
    if k < 1:
        raise ValueError(f"k: {k} is less than 1")
    return k
