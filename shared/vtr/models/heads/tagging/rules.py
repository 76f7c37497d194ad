"""The default tagger: a lexicon, suffixes and a few rules of context, in the manner of Brill (1992).

It needs no download and is exact enough to split captions into streams. It is no parser: where a better
tagger is installed, :mod:`vtr.models.heads.tagging.spacy_tagger` takes its place.
"""

from __future__ import annotations

import re
from typing import ClassVar

from vtr.models.heads.tagging.lexicon import CLOSED, NOUNS, VERBS
from vtr.models.heads.tagging.tags import Tag, Word

_WORDS = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*|\d+(?:[.,]\d+)*|[^\w\s]|_")
_SUFFIXES = (
    (Tag.ADV, ("ly", "wards", "wise")),
    (Tag.NOUN, ("tion", "sion", "ness", "ment", "ship", "hood", "ism", "ity", "ist", "ance", "ence")),
    (Tag.ADJ, ("ous", "ful", "ive", "able", "ible", "less", "ish", "ical", "ic", "al")),
    (Tag.VERB, ("ing", "ed", "ize", "ise", "ify")),
)
_NOMINAL = frozenset({Tag.DET, Tag.ADJ, Tag.NUM})
_MIN_STEM = 3


class RuleTagger:
    """Lexicon first, then suffix, then context; words it knows nothing of are nouns."""

    name: ClassVar[str] = "rules-1"

    def tag(self, text: str) -> list[Word]:
        """See :class:`vtr.models.heads.tagging.tags.PosTagger`."""
        spans = [(m.group(), m.start(), m.end()) for m in _WORDS.finditer(text)]
        tags = [_alone(word) for word, _, _ in spans]
        words = [word.lower() for word, _, _ in spans]
        for place in range(len(words)):
            tags[place] = _in_context(words, tags, place)
        return [Word(*span, tag) for span, tag in zip(spans, tags, strict=True)]


def _alone(word: str) -> Tag:
    """The likeliest tag of a word on its own."""
    lower = word.lower()
    if not word[0].isalnum():
        return Tag.PUNCT
    if word[0].isdigit():
        return Tag.NUM
    if lower in CLOSED:
        return CLOSED[lower]
    if lower in VERBS and lower not in NOUNS:
        return Tag.VERB
    return Tag.NOUN if lower in NOUNS else _by_suffix(lower)


def _by_suffix(word: str) -> Tag:
    for tag, endings in _SUFFIXES:
        if any(word.endswith(ending) and len(word) >= len(ending) + _MIN_STEM for ending in endings):
            return tag
    return Tag.NOUN


def _in_context(words: list[str], tags: list[Tag], place: int) -> Tag:
    """The tag of the word at ``place``, those before it being settled."""
    word, tag = words[place], tags[place]
    before = tags[place - 1] if place else Tag.PUNCT
    after = tags[place + 1] if place + 1 < len(tags) else Tag.PUNCT
    if word == "to" and place + 1 < len(words) and _base_verb(words[place + 1]):
        return Tag.PART
    if word == "that" and after in (Tag.DET, Tag.PRON):
        return Tag.CONJ
    if tag in (Tag.ADV, Tag.ADJ) and before is Tag.DET:
        return _after_determiner(tag, after)
    if tag is Tag.VERB:
        return _verb_or_not(word, before, after)
    if tag is Tag.NOUN and before in (Tag.PART, Tag.AUX) and _base_verb(word):
        return Tag.VERB
    return tag


def _after_determiner(tag: Tag, after: Tag) -> Tag:
    """An adverb or adjective after a determiner: "the left", "a right turn", "the green is wet"."""
    if after in (Tag.NOUN, Tag.ADJ):
        return Tag.ADJ
    return Tag.ADJ if tag is Tag.ADJ and after in (Tag.VERB, Tag.CONJ, Tag.NUM) else Tag.NOUN


def _verb_or_not(word: str, before: Tag, after: Tag) -> Tag:
    """What a word that can be a verb is between its neighbours."""
    participle = word.endswith(("ing", "ed"))
    if participle and before in _NOMINAL and after is Tag.NOUN:
        return Tag.ADJ
    if before is Tag.DET or (not participle and (before in _NOMINAL or before is Tag.ADP)):
        return Tag.NOUN
    return Tag.VERB


def _base_verb(word: str) -> bool:
    return word in VERBS and word not in NOUNS and not word.endswith(("s", "ing", "ed"))
