"""Tags, tagged words, and what tags them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Tag(StrEnum):
    """Universal parts of speech (Petrov et al. 2012; the names are those of Universal Dependencies)."""

    NOUN = "NOUN"
    VERB = "VERB"
    AUX = "AUX"
    ADJ = "ADJ"
    ADV = "ADV"
    NUM = "NUM"
    DET = "DET"
    PRON = "PRON"
    ADP = "ADP"
    CONJ = "CONJ"
    PART = "PART"
    PUNCT = "PUNCT"
    OTHER = "X"


@dataclass(frozen=True, slots=True)
class Word:
    """A word or a punctuation mark at characters [``start``, ``end``) of its text."""

    text: str
    start: int
    end: int
    tag: Tag


class PosTagger(Protocol):
    """Tags the words of a text."""

    @property
    def name(self) -> str:
        """Which tagger it is, for the model card: a head trained with one is served with the same."""

    def tag(self, text: str) -> list[Word]:
        """The words of ``text`` in order; an empty list for a text without any."""
