"""Between the client and the pipeline: fetched records that there is no room for yet.

A poll returns all that a fetch brought. What does not fit waits here, its partition paused, instead of being
fetched again. That is one fetch of each partition at most, which the client's fetch limits bound in bytes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from vtr.kafka.delivery import Delivery, Partition, record_size
from vtr.kafka.pipeline import Pipeline


class Intake:
    """Used by the poll thread alone."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._waiting: dict[Partition, deque[Delivery]] = {}

    def take(self, partition: Partition, records: Sequence[Any]) -> None:
        """Pass the client's records on as far as there is room; ignored if the partition is leaving."""
        generation = self._pipeline.generation(partition)
        if generation is None:
            return
        waiting = self._waiting.setdefault(partition, deque())
        waiting.extend(
            Delivery(
                partition=partition,
                generation=generation,
                offset=record.offset,
                key=record.key,
                value=record.value,
                headers=record.headers,
                size=record_size(record.key, record.value, record.headers),
            )
            for record in records
        )
        self._pass_on(partition)

    def retry(self) -> None:
        """Pass on what has room by now."""
        for partition in list(self._waiting):
            self._pass_on(partition)

    def waiting(self) -> set[Partition]:
        """Partitions with records that have no room: nothing more of them is to be fetched."""
        return set(self._waiting)

    def _pass_on(self, partition: Partition) -> None:
        waiting = self._waiting[partition]
        generation = self._pipeline.generation(partition)
        # Of an assignment that is over, nothing is kept: whoever owns the partition fetches it again.
        while waiting and waiting[0].generation != generation:
            waiting.popleft()
        while waiting and self._pipeline.admit(waiting[0]):
            waiting.popleft()
        if not waiting:
            del self._waiting[partition]
