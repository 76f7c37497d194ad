"""Which dead letters were replayed survives the trip through a commit's metadata."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtr.kafka.replaymarks import ReplayMarks


@given(st.lists(st.integers(0, 60)))
def test_marks_are_what_was_marked_and_survive_as_text(offsets: list[int]) -> None:
    marks = ReplayMarks()
    for offset in offsets:
        marks = marks.mark(offset)
    read = ReplayMarks.parse(marks.base, marks.metadata())
    assert read == marks
    assert {offset for offset in range(70) if offset in read} == set(offsets)


def test_text_is_ranges() -> None:
    marks = ReplayMarks(2)
    for offset in (9, 5, 6, 7):
        marks = marks.mark(offset)
    assert (marks.base, marks.metadata()) == (2, "5-7,9")


def test_marking_below_absorbs_what_lies_there() -> None:
    marks = ReplayMarks(0, frozenset({3, 8})).mark_below(5)
    assert (marks.base, marks.extra) == (5, {8})
    assert marks.mark_below(2) == marks


def test_too_many_scattered_marks_are_refused() -> None:
    with pytest.raises(ValueError, match="replay all of them"):
        ReplayMarks(0, frozenset(range(1, 4000, 2))).metadata()
