"""From a difference between two captions to the words a person would ask for it with.

Rules in place of the language model of the paper: what kind of words differ decides the sentence, and the
words around the span complete it ("night" alone is asked for as "at night", "blue" as "make the ball blue").
"""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

from vtr.models.heads.covr.difference import Difference
from vtr.models.heads.tagging.tags import Tag, Word

TEMPLATES: dict[str, tuple[str, ...]] = {
    "adjective": (
        "make the {noun} {after}",
        "the same, but with the {noun} {after}",
        "turn the {noun} {after}",
    ),
    "number": ("the same, but {after} {noun}", "now {after} {noun}", "show {after} {noun} instead"),
    "thing": ("change {before} to {after}", "replace {before} with {after}", "{after} instead of {before}"),
    "action": ("{after} instead of {before}", "the same, but {after}", "now {after}"),
    "manner": ("the same, but {after}", "now {after} instead of {before}", "like this, but {after}"),
    "setting": ("the same, but {after}", "like this, only {after}", "now {after}"),
    "added": ("the same, but {after}", "like this, only {after}", "now {after}"),
    "added thing": ("add {after}", "the same, but with {after}", "now also {after}"),
    "removed": ("the same, but not {before}", "no longer {before}"),
    "removed thing": ("remove {before}", "the same, but without {before}", "leave {before} out"),
}
"""Kind of change to its sentences; the kind is the ``factor`` of a mined triplet."""

_NOMINAL = frozenset({Tag.NOUN, Tag.ADJ, Tag.NUM, Tag.DET, Tag.PRON})
_VERBAL = frozenset({Tag.VERB, Tag.AUX, Tag.ADV, Tag.PART})
_CONTENT = frozenset({Tag.NOUN, Tag.VERB, Tag.ADJ, Tag.ADV, Tag.NUM, Tag.ADP})
_ADVERBIAL = frozenset({"manner", "setting"})


def modification(
    before: Sequence[Word], after: Sequence[Word], change: Difference, *, seed: str = ""
) -> tuple[str, str] | None:
    """The kind of ``change`` from caption ``before`` to ``after`` and a text that asks for it.

    The same ``seed`` picks the same sentence. None where nobody would ask so: articles, conjunctions and
    pronouns alone differ, or number and spelling of the same words, or more than one phrase.
    """
    old, new = before[change.start : change.before_end], after[change.start : change.after_end]
    kind = _kind(old, new)
    if kind is None:
        return None
    noun = ""
    if kind in ("adjective", "number"):
        noun = _text(after[change.after_end : _phrase_end(after, change.after_end)])
        if not noun:
            return None
    elif kind == "thing":
        start = _phrase_start(after, change.start)
        # "at [dusk]", "at [night]": the preposition says that the place or time changes, not a thing.
        if start and after[start - 1].tag is Tag.ADP:
            kind, start = "setting", start - 1
        old, new = before[start : change.before_end], after[start : change.after_end]
        new = (*new, *after[change.after_end : _phrase_end(after, change.after_end)])
        old = (*old, *before[change.before_end : _phrase_end(before, change.before_end)])
    elif new and new[-1].tag is Tag.ADP:
        new = (*new, *after[change.after_end : _phrase_end(after, change.after_end)])
    templates = TEMPLATES[kind]
    template = templates[crc32(f"{seed}/{_text(old)}/{_text(new)}".encode()) % len(templates)]
    return kind, template.format(before=_text(old), after=_text(new), noun=noun)


def _kind(old: Sequence[Word], new: Sequence[Word]) -> str | None:
    """The key of :data:`TEMPLATES` for a change; None where there is nothing or too much to ask for."""
    if not any(word.tag in _CONTENT for word in (*old, *new)) or _shared(old, new):
        return None
    of_old, of_new = _phrase_kind(old), _phrase_kind(new)
    if old and new:
        adverbial = {of_old, of_new} <= _ADVERBIAL
        return of_new if of_old == of_new or adverbial else None
    there = of_new or of_old
    if there is None:
        return None
    return ("added" if new else "removed") + (" thing" if there == "thing" else "")


def _phrase_kind(words: Sequence[Word]) -> str | None:
    """What the words are as one phrase; None for none, or for parts of several."""
    tags = {word.tag for word in words}
    if not words:
        return None
    if words[0].tag is Tag.ADP:
        return "setting" if not tags & {Tag.VERB, Tag.AUX, Tag.CONJ} else None
    if tags <= _NOMINAL:
        for kind, tag in (("thing", Tag.NOUN), ("adjective", Tag.ADJ), ("number", Tag.NUM)):
            if tag in tags:
                return kind
        return "number" if tags == {Tag.DET} else None
    if tags <= _VERBAL:
        return "action" if Tag.VERB in tags else "manner"
    return None


def _phrase_end(words: Sequence[Word], place: int) -> int:
    """Where the noun phrase ends that goes on at ``place``; ``place`` itself where none does."""
    end = place
    while end < len(words) and words[end].tag in (Tag.DET, Tag.ADJ, Tag.NUM):
        end += 1
    start_of_noun = end
    while end < len(words) and words[end].tag is Tag.NOUN:
        end += 1
    return end if end > start_of_noun else place


def _phrase_start(words: Sequence[Word], place: int) -> int:
    """Where the noun phrase begins that the word at ``place`` stands in: its adjectives and its article."""
    start = place
    while start and words[start - 1].tag in (Tag.ADJ, Tag.NUM, Tag.DET):
        start -= 1
    return start


def _shared(old: Sequence[Word], new: Sequence[Word]) -> bool:
    """Whether a content word stands on both sides, so that the change is of wording or not a single one."""
    return bool(_stems(old) & _stems(new))


def _stems(words: Sequence[Word]) -> set[str]:
    return {_stem(word.text) for word in words if word.tag in _CONTENT}


def _stem(word: str) -> str:
    lower = word.lower()
    return lower[:-1] if len(lower) > 3 and lower.endswith("s") and not lower.endswith("ss") else lower


def _text(words: Sequence[Word]) -> str:
    return " ".join(word.text.lower() for word in words)
