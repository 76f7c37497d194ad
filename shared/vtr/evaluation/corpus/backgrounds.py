"""Textured backgrounds by family, with the light of the time of day on them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]

LIGHT: dict[str, tuple[float, float, float]] = {
    "dawn": (1.05, 0.80, 0.86),
    "day": (1.0, 1.0, 1.0),
    "dusk": (0.85, 0.52, 0.32),
    "night": (0.24, 0.29, 0.50),
}
"""Gain on linear-ish sRGB values by time of day. Things take less of it, so that colours stay themselves."""


def _smooth(rng: np.random.Generator, side: int, cells: int) -> Image:
    """Smooth noise in [0, 1]: bilinear between ``cells`` x ``cells`` random values; [side, side]."""
    grid = rng.random((cells + 1, cells + 1), dtype=np.float32)
    at = np.linspace(0, cells, side, endpoint=False, dtype=np.float32)
    low = at.astype(int)
    part = (at - low).astype(np.float32)
    # Not as a matrix product, whose last bits depend on the number of BLAS threads.
    rows = grid[low] + (grid[low + 1] - grid[low]) * part[:, None]
    return np.asarray(rows[:, low] + (rows[:, low + 1] - rows[:, low]) * part, dtype=np.float32)


def _mix(a: tuple[int, int, int], b: tuple[int, int, int], share: Image) -> Image:
    low, high = np.array(a, dtype=np.float32), np.array(b, dtype=np.float32)
    return np.asarray(low + (high - low) * np.clip(share, 0, 1)[..., None], dtype=np.float32)


def draw_background(family: str, time_of_day: str, seed: int, side: int) -> Image:
    """A picture [side, side, 3] of ``family``, float32 0..255, drawn by ``seed``.

    Raises ValueError for a family that is unknown.
    """
    rng = np.random.default_rng([seed, 1])
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side
    fine, coarse = rng.random((side, side), dtype=np.float32), _smooth(rng, side, 5)
    middle = _smooth(rng, side, 14)
    phase = float(rng.random())
    match family:
        case "meadow":
            picture = _mix((96, 140, 70), (150, 180, 95), 0.5 * coarse + 0.5 * fine)
            picture[(fine > 0.985) & (middle > 0.5)] = (235, 230, 200)
        case "desert":
            dunes = 0.5 + 0.5 * np.sin(2 * np.pi * (y * 5 + 0.9 * coarse + phase))
            picture = _mix((190, 155, 105), (226, 198, 150), 0.75 * dunes + 0.25 * fine)
        case "sea":
            waves = 0.5 + 0.5 * np.sin(
                2 * np.pi * (y * 11 + 0.35 * np.sin(2 * np.pi * (x * 3 + phase)) + coarse)
            )
            picture = _mix((52, 105, 140), (120, 170, 190), 0.8 * waves * middle + 0.3 * coarse)
        case "snow":
            picture = _mix((196, 206, 220), (238, 242, 248), 0.7 * coarse + 0.3 * fine)
            picture[fine > 0.99] = (160, 180, 210)
        case "forest":
            trunks = np.sin(2 * np.pi * (x * 7 + 0.25 * coarse + phase)) > 0.35
            picture = _mix((44, 66, 42), (84, 108, 62), 0.5 * middle + 0.5 * fine)
            picture[trunks] = _mix((78, 60, 46), (108, 86, 66), fine)[trunks]
        case "bricks":
            row = np.floor(y * 12)
            column = x * 6 + 0.5 * (row % 2) + phase
            joint = ((y * 12) % 1 < 0.16) | (column % 1 < 0.09)
            tone = ((np.floor(column) * 7 + row * 13) % 5) / 5
            picture = _mix((138, 82, 66), (176, 112, 88), 0.7 * tone + 0.3 * fine)
            picture[joint] = (188, 180, 170)
        case "tiles":
            dark = (np.floor(x * 7 + phase) + np.floor(y * 7 + phase)) % 2
            picture = _mix((128, 128, 132), (188, 186, 180), 0.85 * dark + 0.15 * middle)
        case "clouds":
            cover = np.asarray((0.6 * coarse + 0.4 * middle - 0.45) * 4, dtype=np.float32)
            picture = _mix((128, 170, 214), (232, 238, 244), cover)
        case _:
            raise ValueError(f"background: {family!r} is unknown")
    return np.asarray(picture * np.array(LIGHT[time_of_day], dtype=np.float32), dtype=np.float32)
