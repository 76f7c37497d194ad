"""Small square frames of a whole video at an even rate: what little towers are trained on."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from vtr.media.sample import SampleError


def small_frames(path: Path, *, side: int, count: int, fps: float) -> NDArray[np.uint8]:
    """``count`` frames of ``path`` at k / ``fps`` seconds, RGB uint8 ``[count, side, side, 3]``.

    Each is the last frame shown at that time (after the end: the last one), scaled by area averaging.
    Raises :class:`SampleError` when the file cannot be decoded or has no frame.
    """
    found = np.empty((count, side, side, 3), dtype=np.uint8)
    taken, newest = 0, None
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise SampleError(f"{path}: has no video stream")
            stream = container.streams.video[0]
            first_s: float | None = None
            for frame in container.decode(stream):
                time_s = float(frame.time or 0.0)
                first_s = time_s if first_s is None else first_s
                # All times before this frame show the one before it.
                while taken < count and newest is not None and time_s - first_s > taken / fps + 1e-3:
                    found[taken] = newest
                    taken += 1
                if taken == count:
                    break
                newest = frame.reformat(
                    width=side, height=side, format="rgb24", interpolation="AREA"
                ).to_ndarray()
    except FFmpegError as error:
        raise SampleError(f"{path}: {error}") from error
    if newest is None:
        raise SampleError(f"{path}: no frame can be decoded")
    found[taken:] = newest
    return found
