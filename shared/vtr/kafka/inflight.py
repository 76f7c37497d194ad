"""How much is in flight: records fetched and not yet done, by count and bytes, in all and per partition."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from vtr.kafka.delivery import Delivery, Partition


@dataclass(slots=True)
class Load:
    """A number of records and their bytes."""

    count: int = 0
    size: int = 0


class InFlight:
    """Counts deliveries in and out. Not thread-safe; the caller locks."""

    def __init__(self) -> None:
        self.total = Load()
        self._partitions: defaultdict[Partition, Load] = defaultdict(Load)

    def add(self, delivery: Delivery) -> None:
        for load in (self.total, self._partitions[delivery.partition]):
            load.count += 1
            load.size += delivery.size

    def remove(self, delivery: Delivery) -> None:
        for load in (self.total, self._partitions[delivery.partition]):
            load.count -= 1
            load.size -= delivery.size
        if self._partitions[delivery.partition].count == 0:
            del self._partitions[delivery.partition]

    def of(self, partition: Partition) -> Load:
        return self._partitions.get(partition, Load())
