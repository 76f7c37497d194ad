"""Unit vectors, and the mean of several."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vtr.models.encoders.base import FloatArray


def unit(vectors: NDArray[np.floating]) -> FloatArray:
    """Rows of ``[..., D]`` scaled to L2 norm 1, float32. A zero row has no direction: ``ValueError``."""
    norms = np.linalg.norm(vectors.astype(np.float64), axis=-1, keepdims=True)
    if not np.all(np.isfinite(norms)) or np.any(norms == 0):
        raise ValueError("vectors: a row is zero or not finite, so it has no direction")
    scaled: FloatArray = (vectors / norms).astype(np.float32)
    return scaled


def pool_windows(
    vectors: FloatArray, *, owners: Sequence[int], weights: NDArray[np.int64], count: int
) -> FloatArray:
    """Weighted mean of window vectors ``[W, D]`` per owner, L2 norm 1: ``[count, D]``."""
    sums = np.zeros((count, vectors.shape[1]), dtype=np.float64)
    np.add.at(sums, np.asarray(owners, dtype=np.int64), vectors * weights[:, None])
    return unit(sums) if count else sums.astype(np.float32)
