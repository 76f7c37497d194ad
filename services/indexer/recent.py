"""The clips written a moment ago, to be checked once more for deletions.

Clips and deletions arrive through different topics. A deletion that one process handles between another
process's look at the tombstones and its write would be undone by that write; the second look, a little
later, removes what came back.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from vtr.contracts.tombstones import Tombstones


class Eraser(Protocol):
    """Removes a video (see :class:`vtr.vectors.store.VectorStore`)."""

    def delete_video(self, tenant: str, video_id: str, *, submitted_until: datetime) -> None: ...


class RecentWrites:
    """Remembers each (tenant, video, submission) for ``window_s`` after its last write. Thread safe."""

    def __init__(
        self, tombstones: Tombstones, store: Eraser, *, window_s: float, clock: Callable[[], float]
    ) -> None:
        self._tombstones = tombstones
        self._store = store
        self._window_s = window_s
        self._clock = clock
        self._lock = threading.Lock()
        self._written: dict[tuple[str, str, datetime], float] = {}

    def note(self, tenant: str, video_id: str, submitted_at: datetime) -> None:
        with self._lock:
            self._written[tenant, video_id, submitted_at] = self._clock()

    def sweep(self) -> int:
        """Remove what was deleted meanwhile, forget what is old; returns how many videos were removed."""
        with self._lock:
            oldest = self._clock() - self._window_s
            self._written = {key: at for key, at in self._written.items() if at >= oldest}
            keys = list(self._written)
        removed = 0
        for tenant, video_id, submitted_at in keys:
            if self._tombstones.covers(tenant, video_id, submitted_at):
                self._store.delete_video(tenant, video_id, submitted_until=submitted_at)
                removed += 1
                with self._lock:
                    self._written.pop((tenant, video_id, submitted_at), None)
        return removed
