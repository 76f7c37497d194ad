"""Fetching stops at the bounds and resumes well below them."""

from __future__ import annotations

from vtr.kafka.backpressure import Backpressure, Bounds
from vtr.kafka.delivery import Delivery, Partition
from vtr.kafka.inflight import InFlight

P, Q = Partition("t", 0), Partition("t", 1)


def load(*records: tuple[Partition, int]) -> InFlight:
    in_flight = InFlight()
    for number, (partition, size) in enumerate(records):
        in_flight.add(Delivery(partition, 1, number, b"k", b"", (), size))
    return in_flight


def test_all_pause_at_the_count_and_resume_at_half() -> None:
    pressure = Backpressure(Bounds(count=4, size=1000))
    assert pressure.paused(load(*[(P, 1)] * 4), [P, Q], []) == {P, Q}
    assert pressure.paused(load(*[(P, 1)] * 3), [P, Q], [P, Q]) == {P, Q}
    assert pressure.paused(load((P, 1), (Q, 1)), [P, Q], [P, Q]) == set()


def test_bytes_count_too() -> None:
    pressure = Backpressure(Bounds(count=100, size=1000))
    assert pressure.paused(load((P, 1000)), [P], []) == {P}
    assert pressure.paused(load((P, 501)), [P], [P]) == {P}
    assert pressure.paused(load((P, 500)), [P], [P]) == set()


def test_one_partition_may_take_all_when_it_is_alone_but_half_when_not() -> None:
    pressure = Backpressure(Bounds(count=4, size=1000))
    assert pressure.paused(load(*[(P, 1)] * 2), [P], []) == set()
    assert pressure.paused(load(*[(P, 1)] * 2), [P, Q], []) == {P}
    assert pressure.paused(load(*[(P, 1)] * 2, (Q, 1)), [P, Q], [P]) == {P}
    assert pressure.paused(load((P, 1), (Q, 1)), [P, Q], [P]) == set()


def test_admission_is_strict_but_lets_one_huge_record_through_alone() -> None:
    pressure = Backpressure(Bounds(count=2, size=100))
    assert pressure.admits(load(), P, 5000, alone=True)
    assert not pressure.admits(load((P, 60)), P, 50, alone=True)
    assert pressure.admits(load((P, 60)), P, 40, alone=True)
    assert not pressure.admits(load((P, 1), (P, 1)), P, 1, alone=True)


def test_in_flight_counts_per_partition_and_in_all() -> None:
    in_flight = load((P, 10), (Q, 20))
    assert (in_flight.total.count, in_flight.total.size) == (2, 30)
    assert in_flight.of(Q).size == 20
    in_flight.remove(Delivery(Q, 1, 1, b"k", b"", (), 20))
    assert in_flight.of(Q).count == 0
    assert (in_flight.total.count, in_flight.total.size) == (1, 10)


def test_admission_keeps_half_of_the_room_for_the_others() -> None:
    pressure = Backpressure(Bounds(count=4, size=100))
    full = load((P, 10), (P, 10))
    assert pressure.admits(full, P, 10, alone=True)
    assert not pressure.admits(full, P, 10, alone=False)
    assert pressure.admits(full, Q, 10, alone=False)
    assert pressure.admits(load((Q, 10)), P, 80, alone=False)
    assert not pressure.admits(load((Q, 10), (P, 10)), P, 60, alone=False)
