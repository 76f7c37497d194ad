"""The watermark: every video submitted before it is searchable, failed or deleted. Pure; see ADR 0007."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from vtr.contracts.events import VideoStatus

TERMINAL = frozenset({"searchable", "failed", "deleted"})


@dataclass(frozen=True, slots=True)
class VideoProgress:
    """Submissions of one video, as unix milliseconds: those under way, and the last that is finished."""

    pending: frozenset[int] = frozenset()
    finished: int | None = None

    def after(self, status: VideoStatus, submitted_ms: int) -> VideoProgress:
        """The progress once ``status`` is known.

        Statuses come from several services, so one may arrive after a later one, or again after a crash: a
        submission that is finished stays so, and finishing one finishes those before it.
        """
        if status.stage in TERMINAL:
            finished = max(submitted_ms, self.finished if self.finished is not None else submitted_ms)
            return VideoProgress(frozenset(ms for ms in self.pending if ms > finished), finished)
        if self.finished is not None and submitted_ms <= self.finished:
            return self
        return VideoProgress(self.pending | {submitted_ms}, self.finished)


@dataclass(frozen=True, slots=True)
class PartitionView:
    """What is known of one partition of the pipeline.

    ``unread``: submissions that ingest has not finished reading, or statuses that the indexer has not.
    """

    oldest_pending: datetime | None
    last_received: datetime | None
    unread: bool


def bound(view: PartitionView, now: datetime, margin: timedelta) -> datetime | None:
    """The time before which everything in the partition is done; None where nothing can be said.

    ``margin`` is how long a submission may be under way from its submitter's clock to the topic.
    """
    candidates = [time for time in (view.oldest_pending,) if time is not None]
    if view.unread:
        if view.last_received is None:
            return None
        candidates.append(view.last_received)
    candidates.append(now - margin)
    return min(candidates)


def advance(
    views: Mapping[int, PartitionView],
    before: Mapping[int, datetime],
    now: datetime,
    margin: timedelta,
) -> dict[int, datetime]:
    """The watermark of each partition, never behind ``before``; a partition of which nothing can be said is
    left out.
    """
    result: dict[int, datetime] = {}
    for partition, view in views.items():
        known = [time for time in (bound(view, now, margin), before.get(partition)) if time is not None]
        if known:
            result[partition] = max(known)
    return result


def least(watermarks: Mapping[int, datetime], partitions: int) -> datetime | None:
    """The watermark of the whole pipeline; None until each of its ``partitions`` has one."""
    if len(watermarks) < partitions:
        return None
    return min(watermarks.values(), default=None)
