"""Where the words that the text tower reads stand in the text."""

from __future__ import annotations

from collections.abc import Sequence

from vtr.models.heads.serving.protocol import QueryStates


def word_offsets(query: QueryStates) -> list[tuple[int, int]]:
    """Of each of the query's words, its characters [start, end) in ``query.text``."""
    return offsets_of(query.text, query.words)


def offsets_of(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Of each of ``words``, which are the lower-case words of ``text`` in order, its characters [start, end).

    An empty range for a word that is not found, as after letters whose lower case is longer.
    """
    lower = text.lower()
    found: list[tuple[int, int]] = []
    place = 0
    for word in words:
        start = lower.find(word, place)
        if start < 0:
            found.append((place, place))
            continue
        place = start + len(word)
        found.append((start, place))
    return found
