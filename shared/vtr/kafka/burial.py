"""Burying a record: it goes to its group's dead letters as it came, with why, whence and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from vtr.contracts.step import Rejected
from vtr.contracts.topics import dead_letter_topic
from vtr.kafka.delivery import Delivery
from vtr.kafka.producer import EventProducer
from vtr.observability import metrics

PREFIX = "vtr_dlq_"
REPLAYED_HEADER = "vtr_dlq_replayed"
"""How often a record was replayed; the one header of ours that travels back to the original topic."""

MAX_REASON_BYTES = 4_096
MAX_STACK_BYTES = 16_384
"""The stack's end is kept: that is where the error is."""


def dead_letter_headers(
    delivery: Delivery, error: Rejected, stack: str, *, group: str, service: str, now: datetime
) -> list[tuple[str, bytes]]:
    """The record's own headers, then ours; ours of an earlier burial are replaced."""
    own = [
        (name, value or b"")
        for name, value in delivery.headers
        if not name.startswith(PREFIX) or name == REPLAYED_HEADER
    ]
    return [
        *own,
        ("vtr_dlq_reason_code", error.code.encode()),
        ("vtr_dlq_reason", error.message.encode(errors="replace")[:MAX_REASON_BYTES]),
        ("vtr_dlq_stack", stack.encode(errors="replace")[-MAX_STACK_BYTES:]),
        ("vtr_dlq_topic", delivery.partition.topic.encode()),
        ("vtr_dlq_partition", str(delivery.partition.partition).encode()),
        ("vtr_dlq_offset", str(delivery.offset).encode()),
        ("vtr_dlq_group", group.encode()),
        ("vtr_dlq_service", service.encode()),
        ("vtr_dlq_time", now.isoformat().encode()),
    ]


def without_burial(headers: Sequence[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """The headers as the original record had them."""
    return [(name, value) for name, value in headers if not name.startswith(PREFIX)]


class DeadLetterWriter:
    """Writes dead letters of one consumer group. They are durable after the producer's flush."""

    def __init__(self, producer: EventProducer, *, group: str, service: str) -> None:
        self._producer = producer
        self._group = group
        self._service = service

    def write(self, delivery: Delivery, error: Rejected, stack: str) -> None:
        """Queue the record for the group's dead letter topic. Raises what the producer's ``send`` raises."""
        topic = dead_letter_topic(delivery.partition.topic, self._group)
        headers = dead_letter_headers(
            delivery, error, stack, group=self._group, service=self._service, now=datetime.now(UTC)
        )
        value = delivery.value
        if value is None and delivery.key is None:
            value = b""  # the client refuses a record with neither
        self._producer.send(topic, delivery.key, value, headers)
        metrics.REJECTED.labels(self._service, delivery.partition.topic, error.code).inc()
        metrics.DLQ_RECORDS.labels(self._service, topic).inc()
