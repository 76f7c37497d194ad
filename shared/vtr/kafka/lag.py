"""Measures consumer lag: for the metric, and for telling idle from stuck."""

from __future__ import annotations

import time
from typing import Any

from kafka.errors import KafkaError

from vtr.kafka.delivery import Partition
from vtr.kafka.pipeline import Pipeline
from vtr.kafka.progress import Progress
from vtr.observability import metrics

INTERVAL_S = 5.0
_TIMEOUT_MS = 2_000
_POSITION_TIMEOUT_MS = 200


class LagMeter:
    """Compares end offsets with committed ones every few seconds, in the poll thread."""

    def __init__(self, service: str, pipeline: Pipeline, progress: Progress) -> None:
        self._service = service
        self._pipeline = pipeline
        self._progress = progress
        self._next = 0.0

    def measure(self, consumer: Any) -> None:
        """Measure if it is time to; a broker that does not answer leaves the last values standing."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + INTERVAL_S
        assigned = consumer.assignment()
        if not assigned:
            self._progress.lag_is(0)
            return
        try:
            ends = consumer.end_offsets(list(assigned), timeout_ms=_TIMEOUT_MS)
            total = sum(self._of(consumer, partition, end) for partition, end in ends.items())
        except KafkaError:
            return
        self._progress.lag_is(total)

    def _of(self, consumer: Any, client_partition: Any, end: int) -> int:
        partition = Partition(*client_partition)
        position = self._pipeline.position(partition)
        if position is None:
            position = consumer.position(client_partition, timeout_ms=_POSITION_TIMEOUT_MS)
        lag = max(0, end - position) if position is not None else 0
        metrics.LAG.labels(self._service, partition.topic, str(partition.partition)).set(lag)
        return lag
