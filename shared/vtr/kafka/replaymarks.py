"""Which dead letters were replayed: a number and some ranges, small enough for a commit's metadata."""

from __future__ import annotations

import msgspec

MAX_BYTES = 3_500
"""Below the broker's ``offset.metadata.max.bytes`` (4096 by default)."""


class ReplayMarks(msgspec.Struct, frozen=True):
    """All offsets below ``base`` were replayed, and those in ``extra`` beyond it."""

    base: int = 0
    extra: frozenset[int] = frozenset()

    def __contains__(self, offset: int) -> bool:
        return offset < self.base or offset in self.extra

    def mark(self, offset: int) -> ReplayMarks:
        """With one more offset replayed."""
        if offset in self:
            return self
        base, extra = self.base, set(self.extra) | {offset}
        while base in extra:
            extra.discard(base)
            base += 1
        return ReplayMarks(base, frozenset(extra))

    def mark_below(self, end: int) -> ReplayMarks:
        """With everything below ``end`` replayed."""
        if end <= self.base:
            return self
        return ReplayMarks(end, frozenset(offset for offset in self.extra if offset >= end))

    def metadata(self) -> str:
        """``extra`` as text, e.g. ``5-9,12``.

        Raises ``ValueError`` when it is too long for a commit: then the dead letters before it are to be
        replayed, or skipped, first.
        """
        ranges: list[list[int]] = []
        for offset in sorted(self.extra):
            if ranges and offset == ranges[-1][1] + 1:
                ranges[-1][1] = offset
            else:
                ranges.append([offset, offset])
        text = ",".join(f"{a}-{b}" if a != b else str(a) for a, b in ranges)
        if len(text) > MAX_BYTES:
            raise ValueError(
                f"ids: {len(ranges)} scattered dead letters are replayed already; replay all of them"
            )
        return text

    @classmethod
    def parse(cls, base: int, metadata: str | None) -> ReplayMarks:
        """The marks in a commit. Raises ``ValueError`` for a text that :meth:`metadata` did not write."""
        extra: set[int] = set()
        for part in (metadata or "").split(","):
            if part:
                first, _, last = part.partition("-")
                extra.update(range(int(first), int(last or first) + 1))
        return cls(base, frozenset(extra))
