"""A stored sound (FLAC, WAV) as samples. Needs no decoder of videos."""

from __future__ import annotations

import io

import numpy as np
import soundfile
from numpy.typing import NDArray


class SoundFileError(ValueError):
    """Bytes are no sound file; the message says why."""


def read_sound(data: bytes) -> tuple[NDArray[np.float32], int]:
    """Mono samples float32 [N] in [-1, 1] of a file's bytes, the mean of its channels, and their rate."""
    try:
        samples, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except soundfile.SoundFileError as error:
        raise SoundFileError(f"is no sound file that can be read ({error})") from error
    return np.asarray(samples.mean(axis=1), dtype=np.float32), int(rate)
