"""When to stop fetching and when to go on: bounds on what is in flight, with hysteresis.

The loop pauses partitions and keeps polling, so that heartbeats and rebalances go on however slow the work.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vtr.kafka.delivery import Partition
from vtr.kafka.inflight import InFlight, Load

RESUME_AT = 0.5
"""Fetching resumes at this share of a bound: pausing and resuming at one point would thrash."""

PARTITION_SHARE = 0.5
"""What one partition may hold while others are assigned, so that a blocked one cannot starve them."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits on records in flight and their bytes."""

    count: int
    size: int

    def scaled(self, share: float) -> Bounds:
        return Bounds(max(1, int(self.count * share)), max(1, int(self.size * share)))

    def reached(self, load: Load) -> bool:
        return load.count >= self.count or load.size >= self.size

    def fits(self, load: Load, size: int) -> bool:
        """Whether one more record of ``size`` bytes keeps within; one larger than the bound goes alone."""
        if load.count >= self.count:
            return False
        return load.size + size <= self.size or load.count == 0


class Backpressure:
    """Decides which partitions fetch. Not thread-safe; the caller locks."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._closed = False

    def admits(self, in_flight: InFlight, partition: Partition, size: int, *, alone: bool) -> bool:
        """Whether a record may be taken in now; ``alone``: no other partition is assigned."""
        if not self._bounds.fits(in_flight.total, size):
            return False
        return alone or self._bounds.scaled(PARTITION_SHARE).fits(in_flight.of(partition), size)

    def paused(
        self, in_flight: InFlight, assigned: Iterable[Partition], paused: Iterable[Partition]
    ) -> set[Partition]:
        """The partitions of ``assigned`` that should be paused, given those that are now."""
        if self._bounds.reached(in_flight.total):
            self._closed = True
        elif not self._reached_resume(in_flight.total, self._bounds):
            self._closed = False
        partitions = set(assigned)
        if self._closed:
            return partitions
        if len(partitions) < 2:
            return set()
        share = self._bounds.scaled(PARTITION_SHARE)
        now = set(paused)
        return {
            partition
            for partition in partitions
            if share.reached(in_flight.of(partition))
            or (partition in now and self._reached_resume(in_flight.of(partition), share))
        }

    @staticmethod
    def _reached_resume(load: Load, bounds: Bounds) -> bool:
        return load.count > bounds.count * RESUME_AT or load.size > bounds.size * RESUME_AT
