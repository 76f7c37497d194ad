"""The eleven basic colour terms (Berlin and Kay 1969) and how much of each a picture holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vtr.models.encoders.base import FrameArray

COLOURS: dict[str, tuple[int, int, int]] = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "gray": (128, 128, 128),
    "red": (255, 0, 0),
    "green": (0, 128, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "orange": (255, 140, 0),
    "purple": (128, 0, 128),
    "pink": (255, 160, 200),
    "brown": (120, 70, 20),
}
_OTHER_NAMES = {"grey": "gray", "violet": "purple", "lime": "green"}
# Pure green is what codecs and tests call green, so both greens count as one.
_PROTOTYPES = [*COLOURS.items(), ("green", (0, 255, 0))]


def colour_shares(pixels: FrameArray) -> NDArray[np.float64]:
    """Share of pixels ``[..., 3]`` nearest to each of ``COLOURS``, in their order; sums to 1."""
    points = pixels.reshape(-1, 1, 3).astype(np.int64)
    prototypes = np.array([rgb for _, rgb in _PROTOTYPES])
    nearest = np.square(points - prototypes).sum(axis=2).argmin(axis=1)
    names = list(COLOURS)
    owner = np.array([names.index(name) for name, _ in _PROTOTYPES])
    return np.bincount(owner[nearest], minlength=len(names)) / len(points)


def colour_words(text: str) -> list[str]:
    """Colours that the text names, each once, in the order of ``COLOURS``."""
    words = {word.strip(".,;:!?\"'()") for word in text.lower().split()}
    words |= {_OTHER_NAMES[word] for word in words if word in _OTHER_NAMES}
    return [name for name in COLOURS if name in words]
