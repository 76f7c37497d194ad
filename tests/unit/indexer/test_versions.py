from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from indexer.versions import complete_versions, is_stale, newest_complete
from vtr.vectors.store import ClipMark, Version

V1, V2 = Version(1, "a"), Version(2, "b")


def marks(version: Version, ordinals: list[int], last: int | None = None) -> list[ClipMark]:
    return [ClipMark(f"{version}-{i}", "v", version, i, last + 1 if i == last else None) for i in ordinals]


def test_whole_is_with_the_last_clip_and_all_before_it() -> None:
    assert complete_versions(marks(V1, [0, 1, 2], last=2)) == {V1: 3}
    assert complete_versions(marks(V1, [0, 2], last=2)) == {}
    assert complete_versions(marks(V1, [0, 1, 2])) == {}
    assert complete_versions([]) == {}


def test_versions_do_not_lend_each_other_clips() -> None:
    mixed = marks(V1, [0, 1]) + marks(V2, [2], last=2)
    assert complete_versions(mixed) == {}


@given(st.permutations(marks(V1, [0, 1, 2, 3], last=3) + marks(V1, [0, 3], last=3)))
def test_neither_order_nor_repetition_matters(shuffled: list[ClipMark]) -> None:
    assert complete_versions(shuffled) == {V1: 4}


def test_a_version_is_stale_once_a_later_one_is_whole() -> None:
    both = marks(V1, [0], last=0) + marks(V2, [0], last=0)
    assert newest_complete(both) == V2
    assert is_stale(V1, newest_complete(both))
    assert not is_stale(V2, newest_complete(both))
    assert not is_stale(V2, newest_complete(marks(V1, [0], last=0)))
    assert not is_stale(V1, None)
