"""A caption turned false in one thing: the other way, or the other manner."""

from __future__ import annotations

from vtr.models.dual.mirror import WORDS

_WAY = WORDS["sideways"] | WORDS["upright"]
_MANNER = {
    "slowly": "quickly",
    "quickly": "slowly",
    "rapidly": "slowly",
    "smoothly": "jerkily",
    "jerkily": "smoothly",
    "carefully": "carelessly",
    "carelessly": "carefully",
    "gently": "wildly",
    "wildly": "gently",
}
_STRAIGHT, _ZIGZAG = ["straight", "line"], ["zigzag"]


def other_way(words: list[str]) -> list[str] | None:
    """``words`` with every direction reversed; None if they name none."""
    turned = [_WAY.get(word, word) for word in words]
    return turned if turned != words else None


def other_manner(words: list[str]) -> list[str] | None:
    """``words`` with every manner replaced by its antonym; None if they name none."""
    turned: list[str] = []
    at = 0
    while at < len(words):
        if words[at : at + 2] == _STRAIGHT:
            turned += _ZIGZAG
            at += 2
            continue
        turned += _STRAIGHT if words[at : at + 1] == _ZIGZAG else [_MANNER.get(words[at], words[at])]
        at += 1
    return turned if turned != words else None
