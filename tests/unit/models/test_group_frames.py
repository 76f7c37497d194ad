"""Frames of a clip in groups of the size that a video tower takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch", reason="the encoder extra is not installed")

from vtr.models.encoders.hf.images import group_frames


@given(st.integers(1, 200), st.integers(1, 16))
def test_every_frame_is_in_one_group_and_every_group_is_full(count: int, size: int) -> None:
    groups = group_frames(count, size)
    assert {index for group in groups for index in group} == set(range(count))
    assert all(len(group) == size and group == sorted(group) for group in groups)
    assert sum(len(set(group)) for group in groups) == count
    assert len(groups) == -(-count // size)


def test_each_group_spans_the_clip() -> None:
    assert group_frames(8, 4) == [[0, 2, 4, 6], [1, 3, 5, 7]]
    assert group_frames(3, 4) == [[0, 1, 2, 2]]
