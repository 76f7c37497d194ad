"""Backoff and crash loops."""

from __future__ import annotations

from vtr.local.restarts import RestartPolicy


def test_waits_double_to_a_limit() -> None:
    policy = RestartPolicy(first_s=1, longest_s=5, window_s=100, loop_after=99)
    assert [policy.died(float(t)).delay_s for t in range(5)] == [1, 2, 4, 5, 5]


def test_many_deaths_in_a_window_are_a_crash_loop() -> None:
    policy = RestartPolicy(window_s=100, loop_after=3)
    assert [policy.died(float(t)).crash_loop for t in range(4)] == [False, False, True, True]


def test_old_deaths_are_forgiven() -> None:
    policy = RestartPolicy(first_s=1, window_s=100, loop_after=3)
    for t in range(3):
        policy.died(float(t))
    later = policy.died(200.0)
    assert later.delay_s == 1
    assert not later.crash_loop
