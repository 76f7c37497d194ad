"""The breaker trips on the share of rejections, and for good."""

from __future__ import annotations

import pytest

from vtr.kafka.breaker import PoisonRatioExceeded, RatioBreaker


def test_it_trips_once_enough_are_rejected_and_their_share_is_too_high() -> None:
    breaker = RatioBreaker(max_ratio=0.5, window=10, min_rejected=3)
    breaker.rejected("a")
    breaker.rejected("b")
    with pytest.raises(PoisonRatioExceeded, match=r"3 of the last 3 records were rejected; the last: c"):
        breaker.rejected("c")


def test_many_rejections_among_more_successes_do_not_trip() -> None:
    breaker = RatioBreaker(max_ratio=0.5, window=100, min_rejected=3)
    for _ in range(40):
        breaker.accepted()
        breaker.rejected("x")


def test_old_outcomes_leave_the_window() -> None:
    breaker = RatioBreaker(max_ratio=0.5, window=4, min_rejected=3)
    breaker.rejected("a")
    breaker.rejected("b")
    breaker.accepted(4)
    breaker.rejected("c")
    breaker.rejected("d")
    with pytest.raises(PoisonRatioExceeded):
        breaker.rejected("e")


def test_a_ratio_of_one_never_trips() -> None:
    breaker = RatioBreaker(max_ratio=1.0, window=10, min_rejected=1)
    for _ in range(30):
        breaker.rejected("x")


def test_a_minimum_beyond_the_window_means_the_window() -> None:
    breaker = RatioBreaker(max_ratio=0.5, window=2, min_rejected=100)
    breaker.rejected("a")
    with pytest.raises(PoisonRatioExceeded):
        breaker.rejected("b")


def test_once_tripped_it_stays_tripped() -> None:
    breaker = RatioBreaker(max_ratio=0.5, window=4, min_rejected=1)
    with pytest.raises(PoisonRatioExceeded):
        breaker.rejected("a")
    breaker.accepted(100)
    with pytest.raises(PoisonRatioExceeded):
        breaker.rejected("b")
