"""Between vectors as they travel (:class:`~vtr.contracts.vector.Vector`) and arrays as they are computed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from vtr.contracts.vector import Vector, VectorDtype

FloatArray = NDArray[np.float32]

# The wire format is little-endian whatever the machine.
_WIRE: dict[str, np.dtype[np.floating]] = {"float16": np.dtype("<f2"), "float32": np.dtype("<f4")}


def to_vector(array: NDArray[np.floating], dtype: VectorDtype = "float16") -> Vector:
    """``array`` [D] as it travels.

    Raises ``ValueError`` unless it is one vector of values that are finite as ``dtype``.
    """
    if array.ndim != 1:
        raise ValueError(f"array: has shape {array.shape}, wanted one vector [D]")
    # An overflow becomes infinite and is reported below, in words.
    with np.errstate(over="ignore"):
        wire = array.astype(_WIRE[dtype])
    if not np.isfinite(wire).all():
        raise ValueError(f"array: holds values that are not finite as {dtype}")
    return Vector(dtype=dtype, dim=int(array.shape[0]), data=wire.tobytes())


def to_array(vector: Vector) -> FloatArray:
    """The float32 array [D] of ``vector``: native byte order, writable.

    Raises ``ValueError`` when it holds a NaN or an infinity.
    """
    array = np.frombuffer(vector.data, dtype=_WIRE[vector.dtype]).astype(np.float32)
    if not np.isfinite(array).all():
        raise ValueError("data: holds values that are not finite")
    return array


def normalised(array: FloatArray) -> FloatArray:
    """``array`` [..., D] with rows of L2 norm 1.

    Raises ``ValueError`` for a row of norm 0: it points nowhere.
    """
    norms = np.linalg.norm(array.astype(np.float64), axis=-1, keepdims=True)
    if not np.all(norms > 0.0):
        raise ValueError("array: holds a vector of norm 0, which has no direction")
    unit: FloatArray = (array / norms).astype(np.float32)
    return unit


def mean_direction(arrays: Iterable[FloatArray]) -> FloatArray:
    """The direction [D] in the middle of ``arrays`` (each [D], each counting the same whatever its length).

    Raises ``ValueError`` for none at all, or when they cancel out.
    """
    units = [normalised(array) for array in arrays]
    if not units:
        raise ValueError("arrays: is empty")
    return normalised(np.stack(units).mean(axis=0, dtype=np.float64).astype(np.float32))
