"""Which action and which adverb of a head's vocabulary a text names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from vtr.models.heads.tagging.lexicon import forms

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


@dataclass(frozen=True)
class Named:
    """Indices into the vocabulary: the ``adverb`` that a text names and the ``action`` done that way."""

    action: int
    adverb: int


class MannerReader:
    """Finds the first adverb of the vocabulary in a text, and the action that stands nearest to it.

    ``also``: phrases that mean an entry of the vocabulary, as the head's card lists them.
    """

    def __init__(
        self, actions: Sequence[str], adverbs: Sequence[str], also: Mapping[str, Mapping[str, str]]
    ) -> None:
        self._actions = _phrases(actions, also.get("actions", {}), verbs=True)
        self._adverbs = _phrases(adverbs, also.get("adverbs", {}), verbs=False)

    def find(self, text: str) -> Named | None:
        """None for a text that names no adverb, or no action."""
        words = [match.group() for match in _WORD.finditer(text.lower())]
        adverb = min(_places(words, self._adverbs), default=None)
        if adverb is None:
            return None
        place, which = adverb
        actions = [(abs(at - place), at, action) for at, action in _places(words, self._actions)]
        return Named(min(actions)[2], which) if actions else None


def _phrases(entries: Sequence[str], also: Mapping[str, str], *, verbs: bool) -> dict[tuple[str, ...], int]:
    found: dict[tuple[str, ...], int] = {}
    for phrase, entry in [*also.items(), *((entry, entry) for entry in entries)]:
        if entry not in entries:
            continue
        words = tuple(phrase.lower().split())
        for variant in _inflected(words) if verbs else (words,):
            found.setdefault(variant, entries.index(entry))
    return found


def _inflected(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """A verb phrase in all forms of its first word: spins, spin, spinning."""
    yield words
    first = words[0]
    stems = {first, first.removesuffix("s"), first.removesuffix("es")} - {""}
    for stem in sorted(stem for stem in stems if len(stem) > 2 and first in forms(stem)):
        for form in sorted(forms(stem)):
            yield (form, *words[1:])


def _places(words: Sequence[str], phrases: Mapping[tuple[str, ...], int]) -> Iterator[tuple[int, int]]:
    """Where each phrase begins in ``words``, with the entry that it means; the longest phrase at a place."""
    longest = max((len(phrase) for phrase in phrases), default=0)
    for at in range(len(words)):
        for length in range(longest, 0, -1):
            entry = phrases.get(tuple(words[at : at + length]))
            if entry is not None:
                yield at, entry
                break
