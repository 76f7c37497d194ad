"""Tags by a spaCy pipeline, where spaCy and one of its English pipelines are installed."""

from __future__ import annotations

import importlib
from typing import Any

from vtr.models.heads.tagging.tags import Tag, Word

_TAGS = {
    "PROPN": Tag.NOUN,
    "CCONJ": Tag.CONJ,
    "SCONJ": Tag.CONJ,
    "INTJ": Tag.OTHER,
    "SYM": Tag.PUNCT,
}


class TaggerUnavailableError(RuntimeError):
    """spaCy or the pipeline asked for is not installed; the message says what to install."""


class SpacyTagger:
    """``pipeline``: the name of an installed pipeline, or a path to one."""

    def __init__(self, pipeline: str = "en_core_web_sm") -> None:
        try:
            spacy = importlib.import_module("spacy")
        except ImportError as error:
            raise TaggerUnavailableError(
                "tagger: spaCy is not installed; install it or use the rule tagger"
            ) from error
        try:
            self._pipeline: Any = spacy.load(pipeline, exclude=["ner", "lemmatizer", "parser"])
        except OSError as error:
            raise TaggerUnavailableError(f"tagger: spaCy has no pipeline {pipeline!r}: {error}") from error
        self.name = f"spacy-{pipeline}-{self._pipeline.meta['version']}"

    def tag(self, text: str) -> list[Word]:
        """See :class:`vtr.models.heads.tagging.tags.PosTagger`."""
        return [
            Word(token.text, token.idx, token.idx + len(token), tag_of(token.pos_))
            for token in self._pipeline(text)
            if not token.is_space
        ]


def tag_of(pos: str) -> Tag:
    """The tag for spaCy's universal part of speech ``pos``."""
    if pos in _TAGS:
        return _TAGS[pos]
    return Tag(pos) if pos in Tag.__members__.values() else Tag.OTHER
