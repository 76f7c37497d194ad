"""When a process that died is started again, and when its dying counts as a crash loop."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True)
class Restart:
    """Start again after ``delay_s`` seconds; ``crash_loop`` when it keeps dying."""

    delay_s: float
    crash_loop: bool


class RestartPolicy:
    """Waits twice as long after each death within a window; what ran well for that long is forgiven."""

    def __init__(
        self, first_s: float = 0.5, longest_s: float = 30.0, window_s: float = 120.0, loop_after: int = 5
    ) -> None:
        self._first_s, self._longest_s = first_s, longest_s
        self._window_s, self._loop_after = window_s, loop_after
        self._deaths: deque[float] = deque()

    def died(self, now_s: float) -> Restart:
        """Note a death at ``now_s`` (seconds, monotonic) and say what follows."""
        while self._deaths and now_s - self._deaths[0] > self._window_s:
            self._deaths.popleft()
        self._deaths.append(now_s)
        count = len(self._deaths)
        delay = min(self._longest_s, self._first_s * 2.0 ** min(count - 1, 30))
        return Restart(delay, count >= self._loop_after)
