from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from video_ingest.decode import SampledFrame
from video_ingest.shots import CutShot, ShotCutter

FPS = 4.0
PICTURE = np.zeros((2, 2, 3), dtype=np.uint8)


class Scripted:
    """Reports cuts at given times, so many frames late."""

    def __init__(self, cuts: list[float], lag_frames: int = 2) -> None:
        self._cuts = set(cuts)
        self._seen: list[float] = []
        self.lag_frames = lag_frames
        self.warmup_frames = 0

    def push(self, time_s: float, image: NDArray[np.uint8]) -> list[float]:
        self._seen.append(time_s)
        if len(self._seen) <= self.lag_frames:
            return []
        target = self._seen[-1 - self.lag_frames]
        return [target] if target in self._cuts else []


def frames(times_s: list[float]) -> list[SampledFrame]:
    return [SampledFrame(time_s, PICTURE) for time_s in times_s]


def grid(seconds: float) -> list[float]:
    return [n / FPS for n in range(int(seconds * FPS))]


def cut_all(
    times_s: list[float],
    cuts: list[float],
    *,
    end_s: float,
    from_s: float = 0.0,
    keyframes: int = 8,
    lag: int = 2,
) -> list[CutShot]:
    cutter = ShotCutter(
        Scripted(cuts, lag), fps=FPS, min_shot_s=1.0, max_shot_s=10.0, keyframes=keyframes, from_s=from_s
    )
    shots = list(cutter.cut(frames(times_s)))
    last = cutter.finish(end_s)
    return shots if last is None else [*shots, last]


def bounds(shots: list[CutShot]) -> list[tuple[float, float]]:
    return [(shot.t0_s, shot.t1_s) for shot in shots]


def test_cuts_become_bounds() -> None:
    assert bounds(cut_all(grid(12), [3.0, 7.5], end_s=12.0)) == [(0, 3.0), (3.0, 7.5), (7.5, 12.0)]


def test_a_cut_too_near_to_the_one_before_is_dropped() -> None:
    assert bounds(cut_all(grid(9), [3.0, 3.5, 6.0], end_s=9.0)) == [(0, 3.0), (3.0, 6.0), (6.0, 9.0)]


def test_a_cut_too_near_to_either_end_is_dropped() -> None:
    assert bounds(cut_all(grid(6), [0.5, 5.5], end_s=6.0)) == [(0, 6.0)]


def test_a_long_shot_is_split() -> None:
    assert bounds(cut_all(grid(25), [], end_s=25.0)) == [(0, 10.0), (10.0, 20.0), (20.0, 25.0)]


def test_no_short_rest_is_split_off() -> None:
    assert bounds(cut_all(grid(10.5), [], end_s=10.5)) == [(0, 10.5)]


def test_a_hole_is_not_cut() -> None:
    times = [0.0, 0.25, 60.0, 60.25, 60.5, 60.75, 61.0, 61.25]
    assert bounds(cut_all(times, [], end_s=61.5)) == [(0, 60.0), (60.0, 61.5)]


def test_a_video_whose_first_frame_comes_late_has_no_empty_shot() -> None:
    shots = cut_all([30 + n / 4 for n in range(20)], [], end_s=35.0)
    assert shots[0].t0_s == 0.0
    assert all(shot.frames for shot in shots)


def test_one_frame_is_one_shot() -> None:
    assert bounds(cut_all([0.0], [], end_s=0.04)) == [(0, 0.04)]


def test_no_frame_is_no_shot() -> None:
    assert cut_all([], [], end_s=0.0) == []


def test_only_the_last_shot_is_the_last() -> None:
    assert [shot.last for shot in cut_all(grid(25), [4.0], end_s=25.0)] == [False, False, True]


def test_a_shot_is_given_out_before_the_video_ends() -> None:
    cutter = ShotCutter(Scripted([3.0]), fps=FPS, min_shot_s=1.0, max_shot_s=10.0, keyframes=8)
    given_out = cutter.cut(frames(grid(4.5)))
    assert next(given_out).t1_s == 3.0


def test_frames_of_another_size_than_most_are_left_out() -> None:
    mixed = frames(grid(3))
    mixed[4] = SampledFrame(mixed[4].time_s, np.zeros((5, 7, 3), dtype=np.uint8))
    cutter = ShotCutter(Scripted([]), fps=FPS, min_shot_s=1.0, max_shot_s=10.0, keyframes=32)
    assert list(cutter.cut(mixed)) == []
    last = cutter.finish(3.0)
    assert last is not None
    assert {frame.image.shape for frame in last.frames} == {(2, 2, 3)}


def test_what_is_held_does_not_grow_with_the_shot() -> None:
    cutter = ShotCutter(Scripted([]), fps=FPS, min_shot_s=1.0, max_shot_s=1e9, keyframes=8)
    held = 0
    for frame in frames(grid(3600)):
        assert not list(cutter.cut([frame]))
        held = max(held, cutter.held)
    assert held <= 80
    last = cutter.finish(3600.0)
    assert last is not None
    gaps = [later.time_s - earlier.time_s for earlier, later in pairwise(last.frames)]
    assert len(last.frames) == 8
    assert max(gaps) < 2 * min(gaps)


stamps = st.lists(st.integers(1, 5000), min_size=1, max_size=150).map(
    lambda steps: [sum(steps[:n]) / 1000 for n in range(len(steps))]
)


@settings(max_examples=200, deadline=None)
@given(stamps, st.sets(st.integers(1, 149)), st.integers(0, 3))
def test_shots_are_contiguous_cover_the_video_and_each_has_a_frame(
    times: list[float], cut_at: set[int], lag: int
) -> None:
    cuts = [times[index] for index in cut_at if index < len(times)]
    end_s = times[-1] + 0.25
    shots = cut_all(times, cuts, end_s=end_s, lag=lag)
    assert shots[0].t0_s == 0.0
    assert shots[-1].t1_s == end_s
    assert all(earlier.t1_s == later.t0_s for earlier, later in pairwise(shots))
    assert all(shot.frames for shot in shots)
    assert all(shot.t0_s <= frame.time_s < shot.t1_s for shot in shots for frame in shot.frames)
    if len(shots) > 1:
        assert min(shot.t1_s - shot.t0_s for shot in shots) >= 1.0


@settings(max_examples=200, deadline=None)
@given(stamps, st.sets(st.integers(1, 149)), st.data())
def test_cutting_goes_on_from_any_shot_as_if_it_had_not_stopped(
    times: list[float], cut_at: set[int], data: st.DataObject
) -> None:
    cuts = [times[index] for index in cut_at if index < len(times)]
    end_s = times[-1] + 0.25
    whole = cut_all(times, cuts, end_s=end_s)
    done = data.draw(st.integers(1, len(whole)))
    if done == len(whole):
        return
    rest = cut_all(times, cuts, end_s=end_s, from_s=whole[done].t0_s)
    assert bounds(rest) == bounds(whole[done:])
    assert [[f.time_s for f in shot.frames] for shot in rest] == [
        [f.time_s for f in shot.frames] for shot in whole[done:]
    ]


def test_settings_that_leave_no_room_are_refused() -> None:
    from pydantic import ValidationError

    from video_ingest.settings import CutSettings

    with pytest.raises(ValidationError, match="max_shot_s"):
        CutSettings(min_shot_s=4.0, max_shot_s=5.0)
