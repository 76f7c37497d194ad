"""Where two captions differ: one span of words, what was there before and what comes in its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """Words [``start``, ``before_end``) of one caption became [``start``, ``after_end``) of the other."""

    start: int
    before_end: int
    after_end: int

    @property
    def size(self) -> int:
        """The longer of both spans, in words."""
        return max(self.before_end, self.after_end) - self.start


def difference(before: Sequence[str], after: Sequence[str]) -> Difference | None:
    """The smallest single span that turns ``before`` into ``after``; None if they are equal."""
    shorter = min(len(before), len(after))
    start = 0
    while start < shorter and before[start] == after[start]:
        start += 1
    end = 0
    while end < shorter - start and before[-1 - end] == after[-1 - end]:
        end += 1
    found = Difference(start, len(before) - end, len(after) - end)
    return found if found.size else None
