"""A broker with the declared topics, and a bench for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.consuming import Bench, bench
from vtr.kafka.admin import apply_topics
from vtr.runtime.settings import KafkaSettings


@pytest.fixture(scope="session")
def broker(kafka_bootstrap: str) -> str:
    """Address of a broker that has all topics."""
    apply_topics(KafkaSettings(bootstrap_servers=kafka_bootstrap))
    return kafka_bootstrap


@pytest.fixture
def at(broker: str) -> Iterator[Bench]:
    """A group of the test's own."""
    with bench(broker) as made:
        yield made
