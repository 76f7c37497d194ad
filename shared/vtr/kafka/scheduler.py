"""Which records run next: batches per topic, in order, never two at once with records of one key.

Different keys of one partition may run at the same time; a key's records keep the topic's order.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from vtr.kafka.delivery import Delivery, Partition

OrderKey = tuple[str, int, bytes | None]


@dataclass(frozen=True, eq=False, slots=True)
class Batch:
    """Records of one topic that a step handles together. ``abandon``: stop waiting for a dependency."""

    topic: str
    deliveries: tuple[Delivery, ...]
    abandon: threading.Event = field(default_factory=threading.Event)


@dataclass(slots=True)
class _Waiting:
    delivery: Delivery
    since: float
    sequence: int


class Scheduler:
    """Queues deliveries and forms batches. Not thread-safe; the caller locks. Times are monotonic seconds."""

    def __init__(self, *, max_batch: int, linger_s: float) -> None:
        self._max_batch = max_batch
        self._linger_s = linger_s
        self._queues: dict[str, deque[_Waiting]] = {}
        self._busy: set[OrderKey] = set()
        self._running: set[Batch] = set()
        self._queued_in: Counter[Partition] = Counter()
        self._running_in: Counter[Partition] = Counter()
        self._highest_started: dict[tuple[Partition, int], int] = {}
        self._sequence = 0
        self.hurried = False
        """Batches no longer wait to fill: set while draining."""

    def add(self, delivery: Delivery, now: float) -> None:
        """Queue a delivery; those of one partition come in the order of their offsets."""
        self._sequence += 1
        queue = self._queues.setdefault(delivery.partition.topic, deque())
        queue.append(_Waiting(delivery, now, self._sequence))
        self._queued_in[delivery.partition] += 1

    def next(self, now: float) -> Batch | None:
        """The next batch that is due, the one that waited longest first; None when nothing is due."""
        best: list[_Waiting] | None = None
        for queue in self._queues.values():
            chosen = self._choose(queue)
            due = chosen and (
                len(chosen) >= self._max_batch or self.hurried or now - chosen[0].since >= self._linger_s
            )
            if due and (best is None or chosen[0].sequence < best[0].sequence):
                best = chosen
        return None if best is None else self._start(best)

    def due_in(self, now: float) -> float | None:
        """Seconds until a lingering batch is due; None when nothing can start before something finishes."""
        waits = [
            max(0.0, chosen[0].since + self._linger_s - now)
            for queue in self._queues.values()
            if (chosen := self._choose(queue))
        ]
        return min(waits) if waits else None

    def finish(self, batch: Batch) -> None:
        """The batch no longer runs; its keys are free."""
        self._running.discard(batch)
        for delivery in batch.deliveries:
            self._busy.discard(delivery.order_key)
            self._running_in[delivery.partition] -= 1

    def requeue(self, deliveries: Iterable[Delivery], now: float) -> None:
        """Put deliveries of a finished batch back at the head of the queue, in their order."""
        for delivery in reversed(list(deliveries)):
            queue = self._queues.setdefault(delivery.partition.topic, deque())
            sequence = queue[0].sequence - 1 if queue else self._sequence
            queue.appendleft(_Waiting(delivery, now, sequence))
            self._queued_in[delivery.partition] += 1

    def drop(self, partitions: Iterable[Partition]) -> list[Delivery]:
        """Remove all queued deliveries of ``partitions``."""
        gone = set(partitions)
        self._highest_started = {k: v for k, v in self._highest_started.items() if k[0] not in gone}
        return self._remove(lambda delivery: delivery.partition in gone)

    def trim(self, partitions: Iterable[Partition]) -> list[Delivery]:
        """Remove the queued deliveries of ``partitions`` beyond the furthest that was started.

        What lies before it stays: running it closes the gap, so that nothing done has to be repeated.
        """
        gone = set(partitions)

        def beyond(delivery: Delivery) -> bool:
            if delivery.partition not in gone:
                return False
            started = self._highest_started.get((delivery.partition, delivery.generation), -1)
            return delivery.offset > started

        return self._remove(beyond)

    def idle(self, partitions: Iterable[Partition]) -> bool:
        """Whether nothing of ``partitions`` is queued or runs."""
        return all(not self._queued_in[p] and not self._running_in[p] for p in partitions)

    def running(self, partitions: Iterable[Partition]) -> list[Batch]:
        """The running batches that hold records of ``partitions``."""
        wanted = set(partitions)
        return [batch for batch in self._running if any(d.partition in wanted for d in batch.deliveries)]

    def _choose(self, queue: deque[_Waiting]) -> list[_Waiting]:
        # A key met while busy stays blocked for the whole scan: `_busy` does not change meanwhile, so later
        # records of that key cannot overtake.
        chosen: list[_Waiting] = []
        for waiting in queue:
            if waiting.delivery.order_key not in self._busy:
                chosen.append(waiting)
                if len(chosen) == self._max_batch:
                    break
        return chosen

    def _start(self, chosen: list[_Waiting]) -> Batch:
        deliveries = tuple(waiting.delivery for waiting in chosen)
        topic = deliveries[0].partition.topic
        taken = {id(waiting) for waiting in chosen}
        self._queues[topic] = deque(w for w in self._queues[topic] if id(w) not in taken)
        for delivery in deliveries:
            self._busy.add(delivery.order_key)
            self._queued_in[delivery.partition] -= 1
            self._running_in[delivery.partition] += 1
            place = (delivery.partition, delivery.generation)
            self._highest_started[place] = max(delivery.offset, self._highest_started.get(place, -1))
        batch = Batch(topic, deliveries)
        self._running.add(batch)
        return batch

    def _remove(self, unwanted: Callable[[Delivery], bool]) -> list[Delivery]:
        removed: list[Delivery] = []
        for topic, queue in self._queues.items():
            kept: deque[_Waiting] = deque()
            for waiting in queue:
                if unwanted(waiting.delivery):
                    removed.append(waiting.delivery)
                    self._queued_in[waiting.delivery.partition] -= 1
                else:
                    kept.append(waiting)
            self._queues[topic] = kept
        return removed
