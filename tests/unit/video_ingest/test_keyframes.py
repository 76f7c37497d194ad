from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from video_ingest.keyframes import pick, thin


@dataclass(frozen=True)
class At:
    time_s: float


def at(*times_s: float) -> list[At]:
    return [At(time_s) for time_s in times_s]


def test_each_equal_part_of_the_shot_gives_the_frame_nearest_to_its_middle() -> None:
    frames = at(*(n / 4 for n in range(40)))
    assert [frame.time_s for frame in pick(frames, 0.0, 10.0, 4)] == [1.25, 3.75, 6.25, 8.75]


def test_few_frames_are_all_kept() -> None:
    assert pick(at(0.0, 0.3), 0.0, 1.0, 8) == at(0.0, 0.3)


def test_frames_in_a_corner_are_not_taken_twice() -> None:
    frames = at(0.0, 0.01, 0.02, 0.03, 0.04, 9.9)
    chosen = pick(frames, 0.0, 10.0, 4)
    assert len(set(chosen)) == len(chosen)
    assert frames[-1] in chosen


@given(
    st.lists(st.integers(0, 10_000), min_size=1, max_size=200, unique=True).map(sorted),
    st.integers(1, 16),
)
def test_picks_are_in_order_distinct_and_never_none(times: list[int], count: int) -> None:
    frames = at(*(time / 1000 for time in times))
    chosen = pick(frames, 0.0, 10.001, count)
    assert 1 <= len(chosen) <= count
    assert [frames.index(frame) for frame in chosen] == sorted({frames.index(frame) for frame in chosen})


def test_thinning_keeps_the_first_and_the_newest_and_spreads_the_rest() -> None:
    frames = at(*(float(n) for n in range(100)))
    kept = thin(frames, limit=50, keep_last=10)
    assert len(kept) == 50
    assert kept[-10:] == frames[-10:]
    assert kept[0] == frames[0]
    assert max(later.time_s - earlier.time_s for earlier, later in pairwise(kept)) <= 4.0
    assert thin(frames, limit=100, keep_last=10) is frames
    assert len(thin(frames, limit=5, keep_last=10)) == 11
