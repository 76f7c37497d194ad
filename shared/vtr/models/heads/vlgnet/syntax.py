"""Where a sentence's syntactic edges come from: a dependency parser where there is one, else a window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from vtr.models.heads.base import HeadError


class DependencyParser(Protocol):
    """Any parser that gives every word's head."""

    def heads(self, words: Sequence[str]) -> Sequence[int]:
        """For each word the index of its head; the root's is its own index."""


class SyntaxEdges(Protocol):
    """Makes the arcs of sentences."""

    def arcs(self, sentences: Sequence[Sequence[str]], length: int) -> Tensor:
        """bool [B, ``length``, ``length``]: True from a word (row) to its head (column)."""


class WindowedEdges:
    """Every word to those 2..``reach`` places away; the direct neighbours have ordering edges already."""

    def __init__(self, reach: int = 3) -> None:
        if reach < 2:
            raise HeadError(f"reach: {reach} is less than 2")
        self.reach = reach

    def arcs(self, sentences: Sequence[Sequence[str]], length: int) -> Tensor:
        real = torch.tensor([min(len(s), length) for s in sentences])
        return windowed_arcs(torch.arange(length) < real[:, None], self.reach)


class DependencyEdges:
    """The arcs of a dependency parser."""

    def __init__(self, parser: DependencyParser) -> None:
        self.parser = parser

    def arcs(self, sentences: Sequence[Sequence[str]], length: int) -> Tensor:
        """Raises :class:`HeadError` if the parser's answer does not fit a sentence."""
        found = torch.zeros(len(sentences), length, length, dtype=torch.bool)
        for row, words in enumerate(sentences):
            heads = self.parser.heads(words)
            if len(heads) != len(words) or any(not 0 <= h < len(words) for h in heads):
                raise HeadError(
                    f"parser: heads {list(heads)} do not fit the {len(words)} words of sentence {row}"
                )
            for word, head in enumerate(heads):
                if head != word and word < length and head < length:
                    found[row, word, head] = True
        return found


def windowed_arcs(mask: Tensor, reach: int) -> Tensor:
    """bool [B, L, L] between the real words of ``mask`` [B, L] that are 2..``reach`` places apart."""
    place = torch.arange(mask.shape[1], device=mask.device)
    apart = (place[:, None] - place).abs()
    return (apart >= 2) & (apart <= reach) & mask.unsqueeze(1) & mask.unsqueeze(2)
