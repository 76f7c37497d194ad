"""A broker with the declared topics, and a bench for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.consuming import Bench, bench
from support.engines import kafka_broker
from vtr.kafka.admin import apply_topics
from vtr.runtime.settings import KafkaSettings


@pytest.fixture(scope="session")
def broker() -> Iterator[str]:
    """Address of a broker that has all topics, and thousands of records that are of no use to a service."""
    with kafka_broker() as address:
        apply_topics(KafkaSettings(bootstrap_servers=address))
        yield address


@pytest.fixture
def at(broker: str) -> Iterator[Bench]:
    """A group of the test's own."""
    with bench(broker) as made:
        yield made
