"""Words to numbers: a vocabulary of the training captions alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?|[^\w\s]")
PAD, UNKNOWN = 0, 1
SPECIAL = ("<pad>", "<unknown>")


def words_of(text: str) -> list[str]:
    """Lower-case words and single punctuation marks, in order."""
    return _WORD.findall(text.lower())


@dataclass(frozen=True)
class Vocabulary:
    """``words[i]`` has number i; 0 pads and 1 stands for any word that is not in it."""

    words: tuple[str, ...]

    @classmethod
    def of(cls, texts: Iterable[str], *, at_least: int = 1) -> Vocabulary:
        """The words of ``texts`` that occur ``at_least`` times, most frequent first, ties by the alphabet."""
        counts = Counter(word for text in texts for word in words_of(text))
        kept = sorted((w for w, n in counts.items() if n >= at_least), key=lambda w: (-counts[w], w))
        return cls((*SPECIAL, *kept))

    @cached_property
    def numbers(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self.words)}

    def encode(self, text: str) -> list[int]:
        """The numbers of a text's words; a text of no word at all is one unknown word."""
        return [self.numbers.get(word, UNKNOWN) for word in words_of(text)] or [UNKNOWN]

    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        return [self.encode(text) for text in texts]
