"""A caption turned false in one thing: the other way, or the other manner."""

from __future__ import annotations

from vtr.evaluation.corpus.factors import ANTONYMS
from vtr.evaluation.corpus.lexicon import ADVERB
from vtr.models.dual.mirror import WORDS

_WAY = WORDS["sideways"] | WORDS["upright"]
_MANNER = {
    tuple(words.split()): ADVERB[antonym][0].split()
    for adverb, antonym in ANTONYMS.items()
    for words in ADVERB[adverb]
}
_LONGEST = max(map(len, _MANNER))
"""Of the phrases, none of which begins another."""


def other_way(words: list[str]) -> list[str] | None:
    """``words`` with every direction reversed; None if they name none."""
    turned = [_WAY.get(word, word) for word in words]
    return turned if turned != words else None


def other_manner(words: list[str]) -> list[str] | None:
    """``words`` with every manner replaced by its antonym; None if they name none."""
    turned: list[str] = []
    at = 0
    while at < len(words):
        phrases = (tuple(words[at : at + length]) for length in range(1, _LONGEST + 1))
        found = next((phrase for phrase in phrases if phrase in _MANNER), None)
        turned += [words[at]] if found is None else _MANNER[found]
        at += 1 if found is None else len(found)
    return turned if turned != words else None
