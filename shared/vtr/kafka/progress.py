"""Whether the loop still progresses: alive means that work ends, not that a thread exists."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Progress:
    """Watches lag and signs of life. Thread-safe; ``clock`` gives monotonic seconds."""

    def __init__(self, stalled_after_s: float, clock: Callable[[], float]) -> None:
        self._stalled_after_s = stalled_after_s
        self._clock = clock
        self._lock = threading.Lock()
        self._last = clock()
        self._lag = 0

    def made(self) -> None:
        """Work ended, or a wait for a dependency did: the threads do what they should."""
        with self._lock:
            self._last = self._clock()

    def lag_is(self, lag: int) -> None:
        """The records between the committed and the end offsets, over all assigned partitions."""
        with self._lock:
            if lag == 0 or self._lag == 0:
                self._last = self._clock()
            self._lag = lag

    def stalled(self) -> str | None:
        """Why the loop counts as stuck; None while it progresses or has nothing to do."""
        with self._lock:
            silent = self._clock() - self._last
            if self._lag > 0 and silent > self._stalled_after_s:
                return f"{self._lag} records wait and nothing was completed for {silent:.0f} s"
            return None
