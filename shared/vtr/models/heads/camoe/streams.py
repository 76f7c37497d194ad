"""Which words of a text belong to which expert: what is there, what happens, where and when, all of it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vtr.models.heads.tagging.tags import PosTagger, Tag, Word

ENTITY, ACTION, SCENE, FUSION = "entity", "action", "scene", "fusion"
STREAMS = (ENTITY, ACTION, SCENE, FUSION)
ORDER = "order"
"""No stream of its own: this expert reads every word, and asks when what they say happens."""
EXPERTS = (*STREAMS, ORDER)

_THINGS = frozenset({Tag.NOUN, Tag.ADJ, Tag.NUM})
_DOINGS = frozenset({Tag.VERB, Tag.ADV})
_PHRASE = frozenset({Tag.DET, Tag.ADJ, Tag.NUM, Tag.NOUN})
_PLACE_WORDS = frozenset(
    {"in", "on", "at", "by", "among", "inside", "outside", "near", "beside", "behind", "during", "along"}
)
_MANNERS = frozenset({"line", "circle", "circles", "zigzag", "way", "manner", "hurry", "row", "direction"})
"""Nouns that make "in a ..." say how, not where."""
_SIDES = frozenset({"left", "right", "top", "bottom", "side"})
"""Nouns that make "to the ..." say which way."""


def stream_of_words(words: Sequence[Word]) -> dict[str, list[bool]]:
    """For each stream of :data:`STREAMS`, whether each word belongs to it.

    Entities are nouns, adjectives and numbers; actions verbs and adverbs; scenes the phrases that a
    preposition of place or time begins ("in the snow", "at night"); "in a straight line" and "to the left"
    are an action's. The fusion stream is every word. A stream may be empty.
    """
    owner = [ENTITY if w.tag in _THINGS else ACTION if w.tag in _DOINGS else None for w in words]
    place = 0
    while place < len(words):
        end = _phrase_end(words, place)
        if end:
            how = words[end - 1].text.lower() in _MANNERS or words[place].text.lower() == "to"
            owner[place:end] = [ACTION if how else SCENE] * (end - place)
        place = end or place + 1
    return {
        stream: [True] * len(words) if stream == FUSION else [o == stream for o in owner]
        for stream in STREAMS
    }


def token_streams(
    text: str, offsets: Sequence[tuple[int, int]], tagger: PosTagger, experts: Sequence[str] = EXPERTS
) -> Tensor:
    """The streams of a tokenizer's tokens: bool [E, L], experts in the order of ``experts``.

    ``offsets``: of each token, its characters [start, end) of ``text``; an empty range (special tokens,
    padding) belongs to the fusion stream and to the order expert alone. A token belongs where a word does
    that it overlaps.
    """
    words = tagger.tag(text)
    streams = stream_of_words(words)
    belongs = torch.zeros(len(experts), len(offsets), dtype=torch.bool)
    for row, expert in enumerate(experts):
        if expert in (FUSION, ORDER):
            belongs[row] = True
            continue
        ranges = [(w.start, w.end) for w, inside in zip(words, streams[expert], strict=True) if inside]
        for column, (start, end) in enumerate(offsets):
            belongs[row, column] = any(start < b and a < end for a, b in ranges)
    return belongs


def _phrase_end(words: Sequence[Word], place: int) -> int:
    """The end of the phrase of place, time or way that begins at ``place``; 0 where none does."""
    first = words[place].text.lower()
    if words[place].tag is not Tag.ADP or first not in (*_PLACE_WORDS, "to"):
        return 0
    end = place + 1
    while end < len(words) and words[end].tag in _PHRASE:
        end += 1
        # "in front of a brick wall" is one phrase
        if words[end - 1].text.lower() == "front" and _word(words, end) == "of":
            end += 1
    last = words[end - 1]
    if first == "to" and (last.text.lower() not in _SIDES or _word(words, end) == "of"):
        # "gives it to the man"; "to the left of the ring" is about the ring
        return 0
    return end if last.tag is Tag.NOUN else 0


def _word(words: Sequence[Word], place: int) -> str:
    return words[place].text.lower() if place < len(words) else ""
