"""What the towers saw in a clip before it became one vector, and its file. Needs numpy alone.

Heads that look closer (moments, regions) read it for the best few clips of a query, so that no tower runs
while somebody waits.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
_FIELDS = {"frames": 2, "regions": 3, "vector": 1, "times_s": 1, "region_times_s": 1}
_EPOCH = (1980, 1, 1, 0, 0, 0)
_HALF = frozenset({"frames", "regions"})


class ClipStatesError(ValueError):
    """Bytes are no file of states; the message names the field and the reason."""


@dataclass(frozen=True)
class ClipStates:
    """Of one clip of T frames; all float32.

    ``frames`` [T, W]: a state for each frame, which knows its neighbours. ``regions`` [S, R, C]: what stands
    in each cell of the frame's grid, row by row, R = cells a side squared; S is T, fewer where every
    second frame was kept, or 0. ``vector`` [D]: the clip's, L2 norm 1. ``times_s`` [T] and
    ``region_times_s`` [S].
    """

    frames: FloatArray
    regions: FloatArray
    vector: FloatArray
    times_s: FloatArray
    region_times_s: FloatArray


def write_states(states: ClipStates) -> bytes:
    """An ``.npz``: states and regions as float16, the rest as float32. Equal states give equal bytes.

    Not compressed: it would be a third of the size, sixteen times as long to write and twice to read, and
    queries wait while it is read.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in _FIELDS:
            array = getattr(states, name).astype("<f2" if name in _HALF else "<f4")
            part = io.BytesIO()
            np.save(part, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _EPOCH), part.getvalue())
    return buffer.getvalue()


def read_states(data: bytes) -> ClipStates:
    """The inverse of :func:`write_states`. Raises :class:`ClipStatesError`."""
    found: dict[str, FloatArray] = {}
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            for name, dimensions in _FIELDS.items():
                if name not in archive:
                    raise ClipStatesError(f"{name}: not among {sorted(archive)}")
                array: NDArray[np.generic] = archive[name]
                if array.ndim != dimensions or array.dtype.kind != "f":
                    raise ClipStatesError(
                        f"{name}: {array.dtype} {list(array.shape)}, but {dimensions}-d floats"
                    )
                found[name] = array.astype(np.float32)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, KeyError) as error:
        if isinstance(error, ClipStatesError):
            raise
        raise ClipStatesError(f"states: {error}") from error
    for many, times in (("frames", "times_s"), ("regions", "region_times_s")):
        if len(found[many]) != len(found[times]):
            raise ClipStatesError(f"{times}: {len(found[times])} times, but {len(found[many])} {many}")
    return ClipStates(**found)
