"""Stuck means: lag, and nothing completed for too long."""

from __future__ import annotations

from vtr.kafka.progress import Progress


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_silence_with_lag_is_a_stall_and_says_so() -> None:
    clock = Clock()
    progress = Progress(600.0, clock)
    progress.lag_is(7)
    clock.now = 600.0
    assert progress.stalled() is None
    clock.now = 601.0
    assert progress.stalled() == "7 records wait and nothing was completed for 601 s"


def test_a_completion_is_a_sign_of_life() -> None:
    clock = Clock()
    progress = Progress(600.0, clock)
    progress.lag_is(7)
    clock.now = 599.0
    progress.made()
    clock.now = 1100.0
    assert progress.stalled() is None


def test_idleness_is_no_stall_and_does_not_count_towards_one() -> None:
    clock = Clock()
    progress = Progress(600.0, clock)
    progress.lag_is(0)
    clock.now = 5000.0
    assert progress.stalled() is None
    progress.lag_is(3)
    assert progress.stalled() is None
    clock.now = 5601.0
    progress.lag_is(4)
    assert progress.stalled() is not None
