"""Small clips of noise or of one colour, for encoders."""

from __future__ import annotations

import numpy as np

from vtr.models.encoders.base import ClipFrames


def noise_clip(seed: int, count: int, height: int = 30, width: int = 40) -> ClipFrames:
    """``count`` frames of coarse random patches, so that resizing leaves a difference."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, 5, 5, 3), dtype=np.uint8)
    frames = coarse.repeat(-(-height // 5), axis=1).repeat(-(-width // 5), axis=2)[:, :height, :width]
    return ClipFrames(list(frames), tuple(i * 0.5 for i in range(count)))


def solid_clip(rgb: tuple[int, int, int], count: int = 3, height: int = 20, width: int = 30) -> ClipFrames:
    """``count`` frames of one colour."""
    frame = np.full((height, width, 3), rgb, dtype=np.uint8)
    return ClipFrames([frame] * count, tuple(float(i) for i in range(count)))
