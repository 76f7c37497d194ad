"""A circuit breaker: after a few faults in a row, stop asking for a while instead of waiting each time.

Closed -> (``threshold`` faults in a row) -> open for ``cooldown_s`` -> one call is let through as a probe
-> closed when it works, open again when not (Nygard, "Release It!", 2007).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Circuit:
    """Thread safe. Use: ``if circuit.allows(): try: ...; circuit.succeeded() except: circuit.failed()``."""

    def __init__(
        self, *, threshold: int = 3, cooldown_s: float = 5.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if threshold < 1 or cooldown_s <= 0:
            raise ValueError(f"circuit: threshold {threshold} must be >= 1, cooldown_s {cooldown_s} > 0")
        self._threshold = threshold
        self._cooldown_s = cooldown_s
        self._clock = clock
        self._lock = threading.Lock()
        self._faults = 0
        self._retry_at = 0.0

    def allows(self) -> bool:
        """Whether to make the call. In an open circuit past its cooldown, True for one caller: the probe."""
        with self._lock:
            if self._faults < self._threshold:
                return True
            if (now := self._clock()) < self._retry_at:
                return False
            self._retry_at = now + self._cooldown_s
            return True

    def succeeded(self) -> bool:
        """Note a call that worked; True when this closed an open circuit."""
        with self._lock:
            was_open = self._faults >= self._threshold
            self._faults = 0
            return was_open

    def failed(self) -> bool:
        """Note a fault; True when this opened the circuit."""
        with self._lock:
            self._faults += 1
            self._retry_at = self._clock() + self._cooldown_s
            return self._faults == self._threshold

    @property
    def open(self) -> bool:
        with self._lock:
            return self._faults >= self._threshold
