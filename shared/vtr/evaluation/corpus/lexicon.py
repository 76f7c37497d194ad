"""The words for every factor's values; where there are several, a caption's seed picks one for all of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar
from zlib import crc32

T = TypeVar("T")

SHAPE_PLURAL = {
    "circle": "circles",
    "square": "squares",
    "triangle": "triangles",
    "star": "stars",
    "cross": "crosses",
    "heart": "hearts",
    "ring": "rings",
    "crescent": "crescents",
}
NUMBER = {1: "one", 2: "two", 3: "three"}


@dataclass(frozen=True)
class Verb:
    """``it``: third person singular; ``they``: plural; ``doing``: participle. ``tail`` follows each."""

    it: str
    they: str
    doing: str
    tail: str = ""


VERBS: dict[str, tuple[Verb, ...]] = {
    "moves": (
        Verb("moves", "move", "moving"),
        Verb("goes", "go", "going"),
        Verb("travels", "travel", "travelling"),
    ),
    "follows": (Verb("follows", "follow", "following"), Verb("chases", "chase", "chasing")),
    "circles": (
        Verb("moves", "move", "moving", "in a circle"),
        Verb("goes", "go", "going", "round and round"),
    ),
    "spins": (Verb("spins", "spin", "spinning"), Verb("rotates", "rotate", "rotating")),
    "bounces": (Verb("bounces", "bounce", "bouncing"), Verb("hops", "hop", "hopping")),
    "shakes": (Verb("shakes", "shake", "shaking"), Verb("trembles", "tremble", "trembling")),
    "grows": (Verb("grows", "grow", "growing"), Verb("expands", "expand", "expanding")),
    "shrinks": (Verb("shrinks", "shrink", "shrinking"), Verb("contracts", "contract", "contracting")),
    "blinks": (Verb("blinks", "blink", "blinking"), Verb("flashes", "flash", "flashing")),
}

DIRECTION: dict[str, tuple[str, ...]] = {
    "left": ("left", "to the left"),
    "right": ("right", "to the right"),
    "up": ("up", "upwards"),
    "down": ("down", "downwards"),
    "up_left": ("up and left", "diagonally up to the left"),
    "up_right": ("up and right", "diagonally up to the right"),
    "down_left": ("down and left", "diagonally down to the left"),
    "down_right": ("down and right", "diagonally down to the right"),
    "clockwise": ("clockwise",),
    "anticlockwise": ("anticlockwise",),
}

ADVERB: dict[str, tuple[str, ...]] = {
    "slowly": ("slowly",),
    "quickly": ("quickly", "rapidly"),
    "smoothly": ("smoothly",),
    "jerkily": ("jerkily",),
    "straight": ("in a straight line",),
    "zigzag": ("in a zigzag",),
    "carefully": ("carefully",),
    "carelessly": ("carelessly",),
    "gently": ("gently",),
    "wildly": ("wildly",),
}

RELATION: dict[str, tuple[str, ...]] = {
    "left_of": ("left of", "to the left of"),
    "right_of": ("right of", "to the right of"),
    "above": ("above", "over"),
    "below": ("below", "under"),
}

PLACE: dict[str, tuple[str, ...]] = {
    "meadow": ("in a meadow", "on the grass"),
    "desert": ("in the desert", "on the sand"),
    "sea": ("on the sea", "on the water"),
    "snow": ("in the snow",),
    "forest": ("in a forest", "among trees"),
    "bricks": ("in front of a brick wall", "at a brick wall"),
    "tiles": ("on a tiled floor",),
    "clouds": ("among the clouds", "in the sky"),
}

TIME: dict[str, tuple[str, ...]] = {
    "dawn": ("at dawn", "at sunrise"),
    "day": ("by day", "in daylight"),
    "dusk": ("at dusk", "at sunset"),
    "night": ("at night",),
}

SOUND: dict[str, tuple[str, ...]] = {
    "bell": ("a bell rings",),
    "whistle": ("a whistle blows",),
    "drum": ("a drum beats",),
    "siren": ("a siren wails",),
    "chirp": ("a bird chirps",),
    "buzz": ("something buzzes",),
    "clock": ("a clock ticks",),
    "horn": ("a horn sounds",),
}


@dataclass(frozen=True)
class Voice:
    """Picks among synonyms: the same word throughout a caption, and in its swapped twins."""

    seed: str

    def pick(self, slot: str, options: tuple[T, ...]) -> T:
        """One of ``options``, always the same for this voice and slot."""
        return options[crc32(f"{self.seed}/{slot}".encode()) % len(options)]
