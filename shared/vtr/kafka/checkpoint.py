"""The order that makes at-least-once true: sinks flushed, then the producer, and only then the offsets.

Runs in a thread of its own, since a flush may take as long as its store does and polling must go on.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

from vtr.contracts.step import Step, Unavailable
from vtr.kafka.delivery import Partition
from vtr.kafka.offsets import Commit
from vtr.kafka.pipeline import Pipeline
from vtr.kafka.producer import FLUSH_TIMEOUT_S, EventProducer
from vtr.observability import metrics
from vtr.observability.logging import get_logger

_log = get_logger(__name__)


@dataclass(eq=False)
class Ticket:
    """A checkpoint asked for. Read the results once ``done`` is set."""

    partitions: frozenset[Partition] | None
    done: threading.Event = field(default_factory=threading.Event)
    commits: Mapping[Partition, Commit] = field(default_factory=dict)
    """What may be committed now; empty when nothing was done since or when a flush failed."""

    lost: bool = False
    """The producer gave records up: what was done since the last commit has to be done again."""

    error: BaseException | None = None
    """A flush raised something other than :class:`Unavailable`."""


class Checkpointer:
    """Makes completed work durable and says which offsets that covers."""

    def __init__(
        self, service: str, pipeline: Pipeline, steps: Sequence[Step[Any]], producer: EventProducer
    ) -> None:
        self._service = service
        self._pipeline = pipeline
        self._steps = list({id(step): step for step in steps}.values())
        self._producer = producer
        self._failures_seen = producer.failures
        self._lost = False
        self._tickets: SimpleQueue[Ticket | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=f"{service}-checkpoint", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def request(self, partitions: Iterable[Partition] | None = None) -> Ticket:
        """Ask for a checkpoint of ``partitions``, or of all; returns at once."""
        ticket = Ticket(None if partitions is None else frozenset(partitions))
        self._tickets.put(ticket)
        return ticket

    def rewound(self) -> None:
        """The loop went back to its last commit, so that what was lost comes again."""
        self._lost = False

    def stop(self, timeout_s: float) -> None:
        self._tickets.put(None)
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while (ticket := self._tickets.get()) is not None:
            try:
                self._checkpoint(ticket)
            except Unavailable as error:
                metrics.RETRIES.labels(self._service, error.dependency).inc()
                _log.warning("checkpoint put off", reason=str(error))
            except BaseException as error:  # noqa: BLE001  (handed to the loop, which stops with it)
                ticket.error = error
            finally:
                ticket.done.set()

    def _checkpoint(self, ticket: Ticket) -> None:
        # The snapshot comes first: what completes while the flushes run waits for the next checkpoint.
        commits = self._pipeline.committable(ticket.partitions)
        if not commits and not self._lost and self._producer.failures == self._failures_seen:
            return
        for step in self._steps:
            step.flush()
        try:
            self._producer.flush(FLUSH_TIMEOUT_S)
        finally:
            failures = self._producer.failures
            # Stays so until the loop went back: one lost record spoils every commit after it.
            self._lost |= failures > self._failures_seen
            ticket.lost = self._lost
            self._failures_seen = failures
        if not ticket.lost:
            ticket.commits = commits
