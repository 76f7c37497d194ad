"""The sound of a media file, whole, as mono samples."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.error import FFmpegError
from numpy.typing import NDArray

from vtr.media.sample import SampleError


def soundtrack(path: Path, *, rate: int) -> NDArray[np.float32]:
    """The first audio stream of ``path`` as float32 [N] in [-1, 1] at ``rate`` samples a second, mono.

    Empty where the file has no audio stream. Raises :class:`SampleError` when it cannot be decoded.
    """
    parts: list[NDArray[np.float32]] = []
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                return np.empty(0, dtype=np.float32)
            resampler = AudioResampler(format="flt", layout="mono", rate=rate)
            frames = [*container.decode(container.streams.audio[0]), None]
            for frame in frames:
                parts += [np.asarray(out.to_ndarray()[0]) for out in resampler.resample(frame)]
    except FFmpegError as error:
        raise SampleError(f"{path}: {error}") from error
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.float32)
