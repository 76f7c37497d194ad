"""Stops the service when too many records are rejected: then the fault is ours, and not the records'.

A bad deployment would otherwise drain a whole topic into the dead letters.
"""

from __future__ import annotations

import threading
from collections import deque


class PoisonRatioExceeded(Exception):  # noqa: N818  (named after what happened)
    """Too large a share of the last records was rejected."""

    def __init__(self, rejected: int, window: int, last: str) -> None:
        super().__init__(f"{rejected} of the last {window} records were rejected; the last: {last}")
        self.rejected = rejected
        self.window = window


class RatioBreaker:
    """Watches the share of rejections among the last ``window`` outcomes. Thread-safe."""

    def __init__(self, *, max_ratio: float, window: int, min_rejected: int) -> None:
        self._max_ratio = max_ratio
        self._min_rejected = min(min_rejected, window)
        self._outcomes: deque[bool] = deque(maxlen=window)
        self._lock = threading.Lock()
        self._tripped: PoisonRatioExceeded | None = None

    def accepted(self, count: int = 1) -> None:
        """``count`` records were handled."""
        with self._lock:
            self._outcomes.extend([False] * count)

    def rejected(self, reason: str) -> None:
        """A record is about to be dead-lettered; raises :class:`PoisonRatioExceeded` when it must not be.

        Once raised, it is raised for good: nothing more goes to the dead letters while the loop stops.
        """
        with self._lock:
            if self._tripped is not None:
                raise self._tripped
            self._outcomes.append(True)
            rejected = sum(self._outcomes)
            if rejected >= self._min_rejected and rejected / len(self._outcomes) > self._max_ratio:
                self._tripped = PoisonRatioExceeded(rejected, len(self._outcomes), reason)
                raise self._tripped
