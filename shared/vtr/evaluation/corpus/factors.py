"""The factors of variation: every value that a scene can take, and which go together."""

from __future__ import annotations

from math import sqrt

SHAPES = ("circle", "square", "triangle", "star", "cross", "heart", "ring", "crescent")

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (222, 38, 38),
    "orange": (245, 140, 20),
    "yellow": (245, 225, 40),
    "green": (40, 165, 60),
    "cyan": (40, 205, 215),
    "blue": (40, 75, 225),
    "purple": (130, 50, 180),
    "pink": (250, 130, 190),
    "white": (246, 246, 246),
    "black": (22, 22, 22),
}
"""Colour name to sRGB."""

PATTERNS = ("plain", "striped", "dotted", "checked")
SIZES: dict[str, float] = {"small": 0.095, "large": 0.14}
"""Size name to radius, as a share of the frame's side."""

BACKGROUNDS = ("meadow", "desert", "sea", "snow", "forest", "bricks", "tiles", "clouds")
TIMES_OF_DAY = ("dawn", "day", "dusk", "night")
CAMERAS = ("still", "pan_left", "pan_right", "shake")

_D = sqrt(0.5)
DIRECTIONS: dict[str, tuple[float, float]] = {
    "left": (-1.0, 0.0),
    "right": (1.0, 0.0),
    "up": (0.0, -1.0),
    "down": (0.0, 1.0),
    "up_left": (-_D, -_D),
    "up_right": (_D, -_D),
    "down_left": (-_D, _D),
    "down_right": (_D, _D),
}
"""Direction name to a unit vector in image axes: x to the right, y down."""

TURNS: dict[str, float] = {"clockwise": 1.0, "anticlockwise": -1.0}
"""Sense of turning to the sign of the angle, seen with y down."""

OPPOSITE: dict[str, str] = {
    "left": "right",
    "right": "left",
    "up": "down",
    "down": "up",
    "up_left": "down_right",
    "down_right": "up_left",
    "up_right": "down_left",
    "down_left": "up_right",
    "clockwise": "anticlockwise",
    "anticlockwise": "clockwise",
}

ANTONYMS: dict[str, str] = {
    "slowly": "quickly",
    "quickly": "slowly",
    "smoothly": "jerkily",
    "jerkily": "smoothly",
    "straight": "zigzag",
    "zigzag": "straight",
    "carefully": "carelessly",
    "carelessly": "carefully",
    "gently": "wildly",
    "wildly": "gently",
}
ADVERBS = tuple(ANTONYMS)

_PACE = ("slowly", "quickly")
_FLOW = ("smoothly", "jerkily")
_PATH = ("straight", "zigzag")
_CARE = ("carefully", "carelessly")
_FORCE = ("gently", "wildly")

ACTION_ADVERBS: dict[str, tuple[str, ...]] = {
    "moves": (*_PACE, *_FLOW, *_PATH, *_CARE),
    "follows": (*_PACE, *_FLOW),
    "circles": (*_PACE, *_FLOW),
    "spins": (*_PACE, *_FLOW),
    "bounces": (*_PACE, *_FORCE),
    "shakes": (*_PACE, *_FORCE),
    "grows": (*_PACE, *_FLOW),
    "shrinks": (*_PACE, *_FLOW),
    "blinks": _PACE,
}
"""Action to the adverbs that it can be done in."""

ACTIONS = tuple(ACTION_ADVERBS)

RELATIONS: dict[str, str] = {
    "left_of": "right",
    "right_of": "left",
    "above": "down",
    "below": "up",
}
"""Relation of the first thing to the second, and the direction in which the first then follows the second."""

MIRRORED_RELATION = {"left_of": "right_of", "right_of": "left_of", "above": "below", "below": "above"}

SOUNDS = ("bell", "whistle", "drum", "siren", "chirp", "buzz", "clock", "horn")
"""Sounds that are heard independently of what is seen."""

WORDS = (
    "apple", "river", "seven", "window", "tiger", "music", "doctor", "paper",
    "winter", "banana", "kitchen", "thunder", "garden", "pilot", "orange juice", "mountain",
    "school", "candle", "elephant", "bridge", "zebra", "coffee", "market", "rocket",
    "pencil", "island", "football", "yesterday", "umbrella", "library", "dragon", "forty",
)  # fmt: skip
"""Words that a voice says, independently of what is seen."""


def directions_of(action: str) -> tuple[str, ...]:
    """The directions that ``action`` can take: ways to go, senses of turning, or none."""
    if action == "moves":
        return tuple(DIRECTIONS)
    if action in {"spins", "circles"}:
        return tuple(TURNS)
    return ()
