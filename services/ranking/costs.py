"""What a clip takes in a head, as measured while serving: by it a head knows how many it has time for."""

from __future__ import annotations

import threading

_SHARE = 0.3
"""Of the newest measurement in the running estimate."""


class Costs:
    """Milliseconds per clip, by name. Thread safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ms: dict[str, float] = {}

    def estimate(self, name: str, first: float = 0.0) -> float:
        """The running estimate; ``first`` where nothing was measured yet."""
        with self._lock:
            return self._ms.get(name, first)

    def measured(self, name: str, ms: float, clips: int) -> None:
        """``clips`` (not 0) took ``ms`` together."""
        with self._lock:
            before = self._ms.get(name)
            self._ms[name] = ms / clips if before is None else before + _SHARE * (ms / clips - before)

    def refused(self, name: str, first: float = 0.0) -> None:
        """Not even one clip was tried. The estimate falls, so that one slow moment is not believed for good:
        what is never tried is never measured again."""
        with self._lock:
            self._ms[name] = (1 - _SHARE) * self._ms.get(name, first)


def how_many(left_ms: float, each_ms: float, at_most: int) -> int:
    """How many clips of ``each_ms`` there is time for in ``left_ms``."""
    if left_ms <= 0:
        return 0
    return at_most if each_ms <= 0 else min(at_most, int(left_ms / each_ms))
