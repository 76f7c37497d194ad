"""A mirrored video is a new training video, if its caption is mirrored with it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_TURNS = {"clockwise": "anticlockwise"}
_SIDEWAYS = {"left": "right", **_TURNS}
_UPRIGHT = {"up": "down", "upwards": "downwards", "above": "below", "over": "under", **_TURNS}


def _both_ways(pairs: dict[str, str]) -> dict[str, str]:
    return pairs | {after: before for before, after in pairs.items()}


WORDS = {"sideways": _both_ways(_SIDEWAYS), "upright": _both_ways(_UPRIGHT)}
"""For each axis, the words that trade places in a caption."""


def mirror_words(words: list[str], axis: str) -> list[str]:
    """The caption's words as they are true of the video mirrored along ``axis``."""
    return [WORDS[axis].get(word, word) for word in words]


def mirror_frames(frames: NDArray[np.uint8], axis: str) -> NDArray[np.uint8]:
    """``frames`` [T, H, W, 3] mirrored left to right (``sideways``) or top to bottom (``upright``)."""
    return frames[:, :, ::-1] if axis == "sideways" else frames[:, ::-1]
