"""How much sound and sight count for a text, by what it names."""

from __future__ import annotations

from dataclasses import dataclass

NAMED = 0.5
"""A text names something heard, or seen, from this sureness on. Below it, sound has no say in its answer."""
LEAST = 0.01
"""What the vector of a text that names nothing seen counts: it settles what sound leaves open."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Of the ranks of what is found by sound, and by the text's own vector, in reciprocal rank fusion."""

    audio: float
    text: float


def weights_of(heard: float, seen: float) -> Weights | None:
    """The weights of a text that names something heard and something seen as surely as that; None where
    sound is not to be searched, and the text's own vector counts fully. Three digits: they travel."""
    if heard < NAMED:
        return None
    return Weights(audio=round(heard, 3), text=round(seen, 3) if seen >= NAMED else LEAST)
