from __future__ import annotations

from fractions import Fraction

import pytest

from video_ingest.timeline import DEFAULT_FPS, Timeline, frame_rate


def times(stamps: list[float | None], *, start_s: float = 0.0, fps: float = 10.0) -> list[float | None]:
    timeline = Timeline(start_s=start_s, fps=fps)
    return [timeline.at(stamp) for stamp in stamps]


def test_times_count_from_the_start_of_the_file() -> None:
    assert times([1.4, 1.5, 1.6], start_s=1.4) == [0.0, 0.1, 0.2]


def test_missing_stamps_continue_at_the_frame_rate() -> None:
    assert times([None, None, 0.2, None]) == [0.0, 0.1, 0.2, 0.3]


def test_a_repeated_or_late_frame_is_skipped() -> None:
    assert times([0.0, 0.5, 0.5, 0.3, 0.6]) == [0.0, 0.5, None, None, 0.6]


def test_a_still_picture_of_a_minute_is_believed() -> None:
    assert times([0.0, 60.0]) == [0.0, 60.0]


@pytest.mark.parametrize("jump", [1e6, -500.0])
def test_a_jump_of_the_clock_goes_on_at_the_frame_rate(jump: float) -> None:
    assert times([600.0, 600.1, 600.1 + jump, 600.2 + jump], start_s=600.0) == [0.0, 0.1, 0.2, 0.3]


def test_a_first_frame_far_from_the_start_is_the_start() -> None:
    assert times([1e6, 1e6 + 0.1]) == [0.0, 0.1]


def test_the_first_possible_rate_is_taken() -> None:
    assert frame_rate(None, Fraction(0), Fraction(90_000), Fraction(30_000, 1001)) == pytest.approx(
        29.97, abs=0.01
    )
    assert frame_rate(None, None) == DEFAULT_FPS
