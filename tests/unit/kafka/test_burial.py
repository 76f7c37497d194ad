"""A dead letter is the record as it came, and its story."""

from __future__ import annotations

from datetime import UTC, datetime

from vtr.contracts.step import Rejected
from vtr.kafka.burial import MAX_STACK_BYTES, REPLAYED_HEADER, dead_letter_headers, without_burial
from vtr.kafka.delivery import Delivery, Partition

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def headers(own: list[tuple[str, bytes]], stack: str = "") -> list[tuple[str, bytes]]:
    delivery = Delivery(Partition("vtr.a.b.v1", 4), 1, 77, b"k", b"v", own, 1)
    error = Rejected("no-stream", "file.mp4: no video stream")
    return dead_letter_headers(delivery, error, stack, group="vtr.x", service="x", now=NOON)


def test_the_story_is_told_and_the_own_headers_come_first() -> None:
    made = headers([("ce_id", b"1"), ("custom", b"2"), ("custom", b"3")])
    assert made[:3] == [("ce_id", b"1"), ("custom", b"2"), ("custom", b"3")]
    assert dict(made[3:]) == {
        "vtr_dlq_reason_code": b"no-stream",
        "vtr_dlq_reason": b"file.mp4: no video stream",
        "vtr_dlq_stack": b"",
        "vtr_dlq_topic": b"vtr.a.b.v1",
        "vtr_dlq_partition": b"4",
        "vtr_dlq_offset": b"77",
        "vtr_dlq_group": b"vtr.x",
        "vtr_dlq_service": b"x",
        "vtr_dlq_time": b"2026-01-01T12:00:00+00:00",
    }


def test_a_second_burial_replaces_the_first_but_remembers_the_replays() -> None:
    first = headers([("ce_id", b"1"), (REPLAYED_HEADER, b"2")])
    second = headers(first)
    assert [name for name, _ in second].count("vtr_dlq_reason") == 1
    assert dict(second)[REPLAYED_HEADER] == b"2"
    assert without_burial(second) == [("ce_id", b"1")]


def test_a_long_stack_keeps_its_end() -> None:
    stack = dict(headers([], stack="x" * MAX_STACK_BYTES + "ValueError: here"))["vtr_dlq_stack"]
    assert len(stack) == MAX_STACK_BYTES
    assert stack.endswith(b"ValueError: here")
