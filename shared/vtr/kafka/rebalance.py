"""What the loop does when partitions come and go (KIP-429 cooperative rebalancing).

The client calls the listener in its I/O thread while the poll thread waits inside ``poll``. The listener is
asynchronous: awaiting lets that thread send heartbeats while the work drains.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kafka import AsyncConsumerRebalanceListener
from kafka.errors import KafkaError

from vtr.kafka.checkpoint import Checkpointer, Ticket
from vtr.kafka.commits import send_commit
from vtr.kafka.delivery import Partition
from vtr.kafka.offsets import Commit
from vtr.kafka.pipeline import Pipeline
from vtr.observability import metrics
from vtr.observability.logging import get_logger

_TICK_S = 0.01
_FLUSH_GRACE_S = 2.0
"""What the last flush may take beyond a drain that ran to its deadline."""

_COMMIT_TRIES = 3

_log = get_logger(__name__)


class Rebalance(AsyncConsumerRebalanceListener):  # type: ignore[misc]
    """Drains, commits and releases what leaves; takes on what comes."""

    def __init__(
        self,
        service: str,
        consumer: Any,
        pipeline: Pipeline,
        checkpointer: Checkpointer,
        drain_s: Callable[[], float],
    ) -> None:
        self._service = service
        self._consumer = consumer
        self._pipeline = pipeline
        self._checkpointer = checkpointer
        self._drain_s = drain_s

    async def on_partitions_assigned(self, assigned: Iterable[Any]) -> None:
        partitions = _ours(assigned)
        metrics.REBALANCES.labels(self._service).inc()
        self._pipeline.assign(partitions)
        _log.info("partitions assigned", partitions=_text(partitions))

    async def on_partitions_revoked(self, revoked: Iterable[Any]) -> None:
        """Drain to the deadline, flush, commit the completed prefix, release."""
        partitions = _ours(revoked) & self._pipeline.assigned()
        if not partitions:
            return
        metrics.REBALANCES.labels(self._service).inc()
        deadline = time.monotonic() + self._drain_s()
        try:
            self._pipeline.begin_drain(partitions)
            await self._until(lambda: self._pipeline.drained(partitions), deadline)
            ticket = self._checkpointer.request(partitions)
            if not await self._until(ticket.done.is_set, deadline + _FLUSH_GRACE_S):
                _log.warning("checkpoint too slow, nothing committed", partitions=_text(partitions))
            else:
                await self._commit(ticket)
        except KafkaError as error:
            _log.warning("commit on revoke failed, work will repeat", error=repr(error))
        finally:
            self._release(partitions, "partitions revoked")

    async def on_partitions_lost(self, lost: Iterable[Any]) -> None:
        """Another member may own them already: nothing can be committed."""
        metrics.REBALANCES.labels(self._service).inc()
        self._release(_ours(lost), "partitions lost")

    async def _commit(self, ticket: Ticket) -> None:
        for _ in range(_COMMIT_TRIES):
            commits = self._pipeline.outstanding(ticket.commits)
            if not commits:
                return
            await send_commit(self._consumer, commits, self._committed)
        _log.warning("no coordinator to commit to, work will repeat")

    def _committed(self, commits: Mapping[Partition, Commit]) -> None:
        self._pipeline.committed(commits)
        metrics.COMMITS.labels(self._service).inc()

    def _release(self, partitions: set[Partition], what: str) -> None:
        unfinished = self._pipeline.release(partitions)
        for topic, partition in partitions:
            metrics.LAG.remove(self._service, topic, str(partition))
        _log.info(what, partitions=_text(partitions), unfinished=unfinished)

    async def _until(self, reached: Callable[[], bool], deadline: float) -> bool:
        while not reached():
            if time.monotonic() >= deadline:
                return False
            # The client's loop is not asyncio; its own sleep is the one thing that can be awaited there.
            await self._consumer._net.sleep(_TICK_S)
        return True


def _ours(partitions: Iterable[Any]) -> set[Partition]:
    return {Partition(partition.topic, partition.partition) for partition in partitions}


def _text(partitions: Iterable[Partition]) -> list[str]:
    return [f"{topic}[{partition}]" for topic, partition in sorted(partitions)]
