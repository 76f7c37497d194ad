"""The status of every video, kept in memory from the compacted topic."""

from __future__ import annotations

import threading
from collections import Counter

import msgspec

from vtr.contracts.events import VideoDeleted, VideoStatus
from vtr.contracts.events.videos import Stage


class StatusTable:
    """Thread safe. About 1 KB per video; deleted videos stay as deleted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._videos: dict[tuple[str, str], VideoStatus] = {}
        self._deletions: dict[tuple[str, str], VideoDeleted] = {}

    def apply(self, status: VideoStatus) -> VideoStatus | None:
        """Take ``status`` in; returns what is now to be told of the video, None when that is nothing new."""
        key = (status.tenant, status.video_id)
        with self._lock:
            known = self._videos.get(key)
            if known is not None and (known == status or not status.supersedes(known)):
                return None
            deletion = self._deletions.get(key)
            if deletion is not None and status.submitted_at <= deletion.deleted_at:
                status = _as_deleted(status, deletion)
                if status == known:
                    return None
            self._videos[key] = status
            return status

    def delete(self, deletion: VideoDeleted) -> VideoStatus | None:
        """Take a tombstone in; returns the changed status, None when nothing changed."""
        key = (deletion.tenant, deletion.video_id)
        with self._lock:
            earlier = self._deletions.get(key)
            if earlier is None or earlier.deleted_at < deletion.deleted_at:
                self._deletions[key] = deletion
            known = self._videos.get(key)
            if known is None or known.stage == "deleted" or known.submitted_at > deletion.deleted_at:
                return None
            self._videos[key] = _as_deleted(known, deletion)
            return self._videos[key]

    def get(self, tenant: str, video_id: str) -> VideoStatus | None:
        with self._lock:
            return self._videos.get((tenant, video_id))

    def newest(self, tenant: str, *, limit: int, stage: Stage | None = None) -> list[VideoStatus]:
        """The last submitted videos, newest first."""
        with self._lock:
            found = [
                status
                for (owner, _), status in self._videos.items()
                if owner == tenant and (stage is None or status.stage == stage)
            ]
        found.sort(key=lambda status: (status.submitted_at, status.video_id), reverse=True)
        return found[:limit]

    def counts(self, tenant: str) -> dict[str, int]:
        """How many videos are in each stage."""
        with self._lock:
            return dict(Counter(s.stage for (owner, _), s in self._videos.items() if owner == tenant))


def _as_deleted(status: VideoStatus, deletion: VideoDeleted) -> VideoStatus:
    return msgspec.structs.replace(
        status, stage="deleted", updated_at=deletion.deleted_at, service="", failure=None
    )
