"""How far each published video is, from the events of ``vtr.video.status.v1``."""

from __future__ import annotations

import statistics
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from vtr.contracts.events import VideoStatus, VideoSubmitted
from vtr.contracts.events.videos import STAGE_ORDER, Stage

STAGES: tuple[Stage, ...] = ("received", "decoded", "encoded", "searchable")

Outcome = Literal["waiting", "searchable", "failed", "replaced", "deleted"]


@dataclass
class Progress:
    """One submission on its way. ``stage`` is None until a service has seen it."""

    video_id: str
    title: str
    uri: str
    submitted_at: datetime
    stage: Stage | None = None
    outcome: Outcome = "waiting"
    reason: str = ""
    clips: int | None = None
    duration_s: float | None = None
    upload_to_searchable_s: float | None = None
    notes: tuple[str, ...] = ()
    """What the services found odd about a video that did not fail."""


class Tracker:
    """Follows submissions to their end. Safe to feed from one thread and read from another.

    ``on_change`` is called, outside the lock, with each submission that got further.
    """

    def __init__(self, tenant: str, on_change: Callable[[Progress], None] | None = None) -> None:
        self._tenant = tenant
        self._on_change = on_change
        self._lock = threading.Lock()
        self._videos: dict[str, Progress] = {}
        self._waiting = 0
        self._sealed = False
        self._all_done = threading.Event()

    def expect(self, event: VideoSubmitted) -> None:
        """Follow ``event``; call it before publishing, so that no status can come too early."""
        with self._lock:
            self._videos[event.video_id] = Progress(
                event.video_id, event.title, event.uri, event.submitted_at
            )
            self._waiting += 1

    def seal(self) -> None:
        """Nothing more will be expected: :meth:`wait` may return once all have ended."""
        with self._lock:
            self._sealed = True
            self._settle()

    def see(self, status: VideoStatus) -> None:
        """Take in one status; those of other videos, tenants and earlier submissions are not ours."""
        with self._lock:
            progress = self._videos.get(status.video_id)
            if progress is None or status.tenant != self._tenant or not self._advance(progress, status):
                return
            if progress.outcome != "waiting":
                self._waiting -= 1
                self._settle()
        if self._on_change is not None:
            self._on_change(progress)

    def wait(self, timeout_s: float) -> bool:
        """Whether all that is expected ended within ``timeout_s``."""
        return self._all_done.wait(timeout_s)

    def videos(self) -> list[Progress]:
        """All submissions in the order in which they were expected."""
        with self._lock:
            return list(self._videos.values())

    def _settle(self) -> None:
        if self._sealed and self._waiting == 0:
            self._all_done.set()

    @staticmethod
    def _advance(progress: Progress, status: VideoStatus) -> bool:
        if progress.outcome != "waiting":
            return False
        # The status of a deletion carries the time of the tombstone as its time of submission.
        if status.stage == "deleted" and status.submitted_at >= progress.submitted_at:
            progress.stage, progress.outcome, progress.reason = "deleted", "deleted", "deleted meanwhile"
            return True
        if status.submitted_at > progress.submitted_at:
            progress.outcome, progress.reason = "replaced", "replaced by a later submission of the same id"
            return True
        if status.submitted_at < progress.submitted_at:
            return False
        if progress.stage is not None and STAGE_ORDER[status.stage] <= STAGE_ORDER[progress.stage]:
            return False
        progress.stage = status.stage
        progress.clips = status.clips_searchable or status.clips_extracted or progress.clips
        progress.duration_s = status.duration_s or progress.duration_s
        progress.notes = tuple(dict.fromkeys((*progress.notes, *status.notes)))
        if status.stage == "searchable":
            progress.outcome = "searchable"
            progress.upload_to_searchable_s = status.upload_to_searchable_s
        elif status.failure is not None:
            progress.outcome = "failed"
            progress.reason = f"{status.failure.message} ({status.failure.code}, {status.failure.service})"
        return True


def percentiles(seconds: list[float]) -> dict[str, float] | None:
    """p50, p95 and the maximum; None of nothing."""
    if not seconds:
        return None
    ordered = sorted(seconds)
    # Of a few videos no 95th percentile can be interpolated: the nearest rank is one that was measured.
    rank = max(0, -(-len(ordered) * 95 // 100) - 1)
    return {"p50": statistics.median(ordered), "p95": ordered[rank], "max": ordered[-1]}
