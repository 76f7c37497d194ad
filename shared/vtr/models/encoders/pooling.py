"""Unit vectors, and the mean of several: of a clip's frames, of a text's windows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vtr.models.encoders.base import ClipEmbedding, ClipFrames, FloatArray


def unit(vectors: NDArray[np.floating]) -> FloatArray:
    """Rows of ``[..., D]`` scaled to L2 norm 1, float32. A zero row has no direction: ``ValueError``."""
    norms = np.linalg.norm(vectors.astype(np.float64), axis=-1, keepdims=True)
    if not np.all(np.isfinite(norms)) or np.any(norms == 0):
        raise ValueError("vectors: a row is zero or not finite, so it has no direction")
    scaled: FloatArray = (vectors / norms).astype(np.float32)
    return scaled


def mean_of(frames: FloatArray) -> ClipEmbedding:
    """A clip as the mean of its unit frame vectors ``[T, D]``."""
    return ClipEmbedding(clip=unit(frames.mean(axis=0)), frames=frames)


def pool_clips(vectors: FloatArray, clips: Sequence[ClipFrames]) -> list[ClipEmbedding]:
    """The unit vectors ``[N, D]`` of all clips' frames in one row, cut into clips again."""
    ends = np.cumsum([len(clip.frames) for clip in clips])
    return [mean_of(frames) for frames in np.split(vectors, ends[:-1])]


def pool_windows(
    vectors: FloatArray, *, owners: Sequence[int], weights: NDArray[np.int64], count: int
) -> FloatArray:
    """Weighted mean of window vectors ``[W, D]`` per owner, L2 norm 1: ``[count, D]``."""
    sums = np.zeros((count, vectors.shape[1]), dtype=np.float64)
    np.add.at(sums, np.asarray(owners, dtype=np.int64), vectors * weights[:, None])
    return unit(sums) if count else sums.astype(np.float32)
