"""A broker with the declared topics, and a producer, for tests of single services."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.consuming import skip_backlog
from vtr.kafka.admin import apply_topics
from vtr.kafka.producer import EventProducer
from vtr.runtime.settings import KafkaSettings


@pytest.fixture
def kafka(kafka_bootstrap: str) -> KafkaSettings:
    """Where the broker is; all declared topics exist, and no service has a backlog from other tests."""
    settings = KafkaSettings(bootstrap_servers=kafka_bootstrap)
    apply_topics(settings)
    skip_backlog(settings)
    return settings


@pytest.fixture
def producer(kafka: KafkaSettings) -> Iterator[EventProducer]:
    """A producer that is closed after the test."""
    made = EventProducer(kafka, source="test")
    yield made
    made.close()
