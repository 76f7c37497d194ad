"""What indexer does by the clock: compute the watermark, and look again at what it wrote a moment ago."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from indexer.watermark import PartitionView, advance, least
from vtr.contracts.events import VideoStatus, VideoSubmitted
from vtr.contracts.step import Unavailable
from vtr.observability.logging import get_logger
from vtr.observability.metrics import WATERMARK_AGE_SECONDS

log = get_logger("indexer.ticker")

Lag = Callable[[], Mapping[tuple[str, int], int]]
"""Records not yet handled, by topic and partition."""


class ProgressView(Protocol):
    """What the watermark is computed from (see :class:`indexer.progress_redis.RedisProgress`)."""

    def oldest_pending(self, partitions: Sequence[int]) -> dict[int, datetime]: ...

    def last_received(self, partitions: Sequence[int]) -> dict[int, datetime]: ...

    def watermarks(self) -> dict[int, datetime]: ...

    def raise_watermarks(self, watermarks: Mapping[int, datetime]) -> None: ...


class WatermarkTask:
    """Computes the watermark of each partition.

    The order of the reads is what makes it true. First the clock; then what ingest has not finished reading;
    then what the indexer has not read of the statuses; last what is pending. A submission that was in the
    topic at the first read is then either unread, or its ``received`` status is unread, or it is known.
    """

    def __init__(
        self,
        progress: ProgressView,
        ingest_lag: Lag,
        status_lag: Lag,
        *,
        partitions: int,
        margin_s: float,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._progress = progress
        self._ingest_lag = ingest_lag
        self._status_lag = status_lag
        self._partitions = range(partitions)
        self._margin = timedelta(seconds=margin_s)
        self._now = now
        self._latest: dict[int, datetime] = {}

    def of_partition(self, partition: int) -> datetime | None:
        """The watermark of a partition as last computed."""
        return self._latest.get(partition)

    def __call__(self) -> None:
        now = self._now()
        ingest, status = self._ingest_lag(), self._status_lag()
        pending = self._progress.oldest_pending(self._partitions)
        received = self._progress.last_received(self._partitions)
        views = {
            p: PartitionView(
                oldest_pending=pending.get(p),
                last_received=received.get(p),
                # A partition that Kafka says nothing of is one that nobody may vouch for.
                unread=ingest.get((VideoSubmitted.TYPE, p), 1) > 0
                or status.get((VideoStatus.TYPE, p), 1) > 0,
            )
            for p in self._partitions
        }
        self._latest = advance(views, self._progress.watermarks(), now, self._margin)
        overall = least(self._latest, len(self._partitions))
        if overall is None:
            return  # a reader takes the least of what is stored, so all partitions are stored or none
        self._progress.raise_watermarks(self._latest)
        WATERMARK_AGE_SECONDS.set(max(0.0, (now - overall).total_seconds()))


class Ticker:
    """A loop (see :mod:`vtr.runtime.service`) that runs tasks every ``interval_s`` seconds.

    A dependency that is away is logged once and tried again; any other error ends the loop.
    """

    def __init__(self, name: str, interval_s: float, tasks: Sequence[Callable[[], object]]) -> None:
        self.name = name
        self._interval_s = interval_s
        self._tasks = tasks
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._away: set[str] = set()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def failure(self) -> BaseException | None:
        return self._failure

    def stalled(self) -> str | None:
        return None

    def _run(self) -> None:
        try:
            while not self._stop.wait(self._interval_s):
                for task in self._tasks:
                    self._attempt(task)
        except BaseException as error:  # noqa: BLE001  (the runner sees it and ends the service)
            self._failure = error

    def _attempt(self, task: Callable[[], object]) -> None:
        try:
            task()
        except Unavailable as error:
            if error.dependency not in self._away:
                self._away.add(error.dependency)
                log.warning(
                    "dependency unavailable, trying again", dependency=error.dependency, reason=str(error)
                )
        else:
            self._away.clear()
