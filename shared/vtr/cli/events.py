"""Publishing to Kafka and listening to it, for the length of a command."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vtr.contracts.events import Event
    from vtr.contracts.step import Message
    from vtr.kafka.producer import EventProducer
    from vtr.kafka.tail import TopicTail
    from vtr.runtime.settings import KafkaSettings

SOURCE = "vtr-cli"
FLUSH_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 5.0


@contextmanager
def producing(kafka: KafkaSettings) -> Iterator[EventProducer]:
    """A producer; what was published is acknowledged when the block ends well.

    Raises :class:`~vtr.contracts.step.Unavailable` when Kafka does not answer.
    """
    from vtr.kafka.producer import EventProducer  # noqa: PLC0415

    producer = EventProducer(kafka, SOURCE)
    try:
        yield producer
        producer.flush(FLUSH_TIMEOUT_S)
    finally:
        producer.close()
