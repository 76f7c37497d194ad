"""A few frames of a whole video, evenly spread: what an example video or a quick look needs."""

from __future__ import annotations

import av
import numpy as np
from av.error import FFmpegError
from av.video.frame import VideoFrame
from numpy.typing import NDArray

MAX_SIDE = 512


class SampleError(ValueError):
    """A file has no frame to sample; the message names the file and the reason."""


def sample_frames(
    path: str, count: int, *, start_s: float = 0.0, end_s: float | None = None
) -> tuple[tuple[float, ...], list[NDArray[np.uint8]]]:
    """Up to ``count`` frames of ``path`` at the middles of ``count`` equal parts of it.

    ``start_s``, ``end_s``: the part of the video that is meant; None is its end. Returns times in seconds
    from the start of the video and upright RGB frames ``[H, W, 3]``, the longer side at most
    :data:`MAX_SIDE`.
    A video that does not tell its duration gives its first frames instead.
    Raises :class:`SampleError` when it cannot be opened, has no video stream, or no frame can be decoded.
    """
    try:
        with av.open(path) as container:
            if not container.streams.video:
                raise SampleError(f"{path}: has no video stream")
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            start_s = float((stream.start_time or 0) * (stream.time_base or 0))
            whole_s = container.duration / av.time_base if container.duration else 0.0
            length_s = max(0.0, min(whole_s, whole_s if end_s is None else end_s) - start_s)
            times: list[float] = []
            images: list[NDArray[np.uint8]] = []
            for part in range(count):
                wanted = start_s + (part + 0.5) * length_s / count
                if length_s and stream.time_base:
                    container.seek(int((wanted + start_s) / stream.time_base), stream=stream)
                frame = _first_from(container, wanted + start_s)
                if frame is None:
                    continue
                time_s = max(0.0, (frame.time or 0.0) - start_s)
                if not times or time_s > times[-1]:
                    times.append(time_s)
                    images.append(_upright(frame))
    except (FFmpegError, OSError) as error:
        raise SampleError(f"{path}: {error}") from error
    if not images:
        raise SampleError(f"{path}: no frame can be decoded")
    return tuple(times), images


def _first_from(container: av.container.InputContainer, time_s: float) -> VideoFrame | None:
    """The first frame at or after ``time_s`` from where the container stands; else the last before it."""
    last: VideoFrame | None = None
    for frame in container.decode(video=0):
        last = frame
        if frame.time is None or frame.time >= time_s:
            return frame
    return last


def _upright(frame: VideoFrame) -> NDArray[np.uint8]:
    scale = min(1.0, MAX_SIDE / max(frame.width, frame.height))
    image = frame.to_ndarray(
        format="rgb24", width=max(1, round(frame.width * scale)), height=max(1, round(frame.height * scale))
    )
    return np.ascontiguousarray(np.rot90(image, k=round(frame.rotation / 90) % 4), dtype=np.uint8)
