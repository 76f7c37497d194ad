"""Which videos are deleted, known to every process that holds data; from the compacted topic."""

from __future__ import annotations

import threading
from datetime import datetime

from vtr.contracts.events import Event, VideoDeleted
from vtr.contracts.step import Message, Unavailable
from vtr.kafka.tail import TopicTail
from vtr.runtime.settings import KafkaSettings


class TombstoneTable:
    """A loop that keeps all tombstones in memory, read from the start of the topic on each start.

    Every process sees every tombstone, whatever its partitions: work of a deleted video may reach any of
    them. Until the table has caught up, asking raises :class:`Unavailable`: answering from half a table would
    let deleted videos come back.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self.name = "tombstones"
        self._lock = threading.Lock()
        self._deleted: dict[tuple[str, str], datetime] = {}
        self._tail = TopicTail(settings, [VideoDeleted], self._on_message, start="earliest", name=self.name)

    def start(self) -> None:
        self._tail.start()

    def stop(self, timeout_s: float) -> None:
        self._tail.stop(timeout_s)

    def failure(self) -> BaseException | None:
        return self._tail.failure()

    def stalled(self) -> str | None:
        return None

    def ready(self) -> bool:
        """Whether all tombstones that were there at the start are known."""
        return self._tail.ready.is_set()

    def wait_ready(self, timeout_s: float) -> bool:
        """Block until :meth:`ready`, at most ``timeout_s``; whether it is."""
        return self._tail.ready.wait(timeout_s)

    def deleted_at(self, tenant: str, video_id: str) -> datetime | None:
        """When the video was last deleted; None if it never was. Raises :class:`Unavailable` until ready."""
        if not self.ready():
            raise Unavailable("tombstones", f"{VideoDeleted.TYPE} is not read to its end yet")
        with self._lock:
            return self._deleted.get((tenant, video_id))

    def covers(self, tenant: str, video_id: str, submitted_at: datetime) -> bool:
        """Whether a video submitted then must be gone: it was deleted at that time or later.

        Raises :class:`Unavailable` until ready.
        """
        deleted_at = self.deleted_at(tenant, video_id)
        return deleted_at is not None and submitted_at <= deleted_at

    def _on_message(self, message: Message[Event]) -> None:
        event = message.event
        if not isinstance(event, VideoDeleted):
            return
        with self._lock:
            key = (event.tenant, event.video_id)
            self._deleted[key] = max(event.deleted_at, self._deleted.get(key, event.deleted_at))
