"""The state that the loop's threads share, under one lock: what was delivered, queued, runs, is done.

The poll thread puts in, worker threads take out and complete, the checkpoint reads what may be committed.
Nothing here blocks but :meth:`Pipeline.take`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable, Mapping, Sequence

from vtr.kafka.backpressure import Backpressure, Bounds
from vtr.kafka.delivery import Delivery, Partition
from vtr.kafka.inflight import InFlight, Load
from vtr.kafka.offsets import Commit, OffsetTracker
from vtr.kafka.scheduler import Batch, Scheduler
from vtr.runtime.settings import ConsumerSettings


class Pipeline:
    """Thread-safe."""

    def __init__(self, settings: ConsumerSettings) -> None:
        self._changed = threading.Condition()
        self._tracker = OffsetTracker()
        self._scheduler = Scheduler(max_batch=settings.max_batch, linger_s=settings.linger_ms / 1000)
        self._in_flight = InFlight()
        self._pressure = Backpressure(Bounds(settings.max_in_flight, settings.max_in_flight_bytes))
        self._draining: set[Partition] = set()
        self._closed = False

    # --- Poll thread and rebalance listener ---------------------------------------------------------

    def assign(self, partitions: Iterable[Partition]) -> None:
        with self._changed:
            for partition in partitions:
                self._draining.discard(partition)
                self._tracker.assign(partition)

    def assigned(self) -> set[Partition]:
        with self._changed:
            return self._tracker.assigned()

    def generation(self, partition: Partition) -> int | None:
        """The assignment to put on deliveries of ``partition``; None when it takes none now."""
        with self._changed:
            return None if partition in self._draining else self._tracker.generation(partition)

    def admit(self, delivery: Delivery) -> bool:
        """Take a record in; False when there is no room for it now."""
        with self._changed:
            alone = len(self._tracker.assigned()) < 2
            if not self._pressure.admits(self._in_flight, delivery.partition, delivery.size, alone=alone):
                return False
            self._tracker.deliver(delivery.partition, delivery.offset)
            self._in_flight.add(delivery)
            self._scheduler.add(delivery, time.monotonic())
            self._changed.notify()
            return True

    def to_pause(self, paused: Collection[Partition]) -> set[Partition]:
        """The assigned partitions that should not fetch now."""
        with self._changed:
            assigned = self._tracker.assigned()
            return self._pressure.paused(self._in_flight, assigned, paused) | (self._draining & assigned)

    def load(self) -> Load:
        """What is in flight in all."""
        with self._changed:
            return Load(self._in_flight.total.count, self._in_flight.total.size)

    def begin_drain(self, partitions: Iterable[Partition]) -> None:
        """Take nothing more in, drop what would only lengthen the drain, stop waiting for dependencies."""
        with self._changed:
            leaving = set(partitions)
            self._draining |= leaving
            for delivery in self._scheduler.trim(leaving):
                self._in_flight.remove(delivery)
            for batch in self._scheduler.running(leaving):
                batch.abandon.set()
            self._scheduler.hurried = True
            self._changed.notify_all()

    def drained(self, partitions: Iterable[Partition]) -> bool:
        """Whether nothing of ``partitions`` is queued or runs."""
        with self._changed:
            return self._scheduler.idle(partitions)

    def release(self, partitions: Iterable[Partition]) -> int:
        """The partitions are gone; how many of their records were delivered and not completed."""
        with self._changed:
            gone = set(partitions)
            unfinished = sum(self._tracker.pending(partition) for partition in gone)
            for delivery in self._scheduler.drop(gone):
                self._in_flight.remove(delivery)
            for batch in self._scheduler.running(gone):
                batch.abandon.set()
            for partition in gone:
                self._tracker.revoke(partition)
            self._draining -= gone
            self._scheduler.hurried = bool(self._draining)
            self._changed.notify_all()
            return unfinished

    def rewind(self) -> dict[Partition, int]:
        """Forget all uncommitted work; the offsets to fetch from again."""
        with self._changed:
            everything = self._tracker.assigned()
            for delivery in self._scheduler.drop(everything):
                self._in_flight.remove(delivery)
            for batch in self._scheduler.running(everything):
                batch.abandon.set()
            self._changed.notify_all()
            return self._tracker.rewind()

    # --- Workers ------------------------------------------------------------------------------------

    def take(self) -> Batch | None:
        """The next batch; blocks until one is due. None once the pipeline is closed."""
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                batch = self._scheduler.next(now)
                if batch is not None:
                    if any(delivery.partition in self._draining for delivery in batch.deliveries):
                        batch.abandon.set()
                    self._changed.notify()  # there may be another one due, and only this thread was woken
                    return batch
                self._changed.wait(self._scheduler.due_in(now))
            return None

    def finish(self, batch: Batch, done: Sequence[Delivery]) -> int:
        """The batch ended and ``done`` of it counts; the rest runs again if its partitions are still here.

        Returns how many completions counted.
        """
        with self._changed:
            self._scheduler.finish(batch)
            counted = 0
            completed = set(map(id, done))
            again: list[Delivery] = []
            for delivery in batch.deliveries:
                partition, generation = delivery.partition, delivery.generation
                if id(delivery) in completed:
                    self._in_flight.remove(delivery)
                    counted += self._tracker.complete(partition, generation, delivery.offset)
                elif self._tracker.is_current(partition, generation) and partition not in self._draining:
                    again.append(delivery)
                else:
                    self._in_flight.remove(delivery)
            self._scheduler.requeue(again, time.monotonic())
            self._changed.notify_all()
            return counted

    def close(self) -> None:
        """Let the workers go once their batches end."""
        with self._changed:
            self._closed = True
            for batch in self._scheduler.running(self._tracker.assigned()):
                batch.abandon.set()
            self._changed.notify_all()

    # --- Checkpoint ---------------------------------------------------------------------------------

    def committable(self, partitions: Iterable[Partition] | None = None) -> dict[Partition, Commit]:
        with self._changed:
            return self._tracker.committable(partitions)

    def outstanding(self, commits: Mapping[Partition, Commit]) -> dict[Partition, Commit]:
        """Those of ``commits`` that are of the present assignments and not committed yet."""
        with self._changed:
            return self._tracker.outstanding(commits)

    def committed(self, commits: Mapping[Partition, Commit]) -> None:
        with self._changed:
            for partition, commit in commits.items():
                self._tracker.committed(partition, commit)

    def position(self, partition: Partition) -> int | None:
        """Where a restart would go on; None before the first delivery."""
        with self._changed:
            return self._tracker.position(partition)
