"""What a step asks before it writes: whether the video was deleted meanwhile."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Tombstones(Protocol):
    """Which videos were deleted, from the compacted topic ``vtr.video.deleted``.

    See :class:`vtr.kafka.tombstones.TombstoneTable`.
    """

    def ready(self) -> bool:
        """Whether all tombstones that were there at the start are known."""
        ...

    def wait_ready(self, timeout_s: float) -> bool:
        """Block until :meth:`ready`, at most ``timeout_s``; whether it is."""
        ...

    def covers(self, tenant: str, video_id: str, submitted_at: datetime) -> bool:
        """Whether a video submitted then must be gone. Raises ``Unavailable`` until ready."""
        ...
