"""Encoders can be closed once and say so when used afterwards."""

from __future__ import annotations


class Closable:
    """Remembers that ``close`` was called."""

    _closed = False

    def close(self) -> None:
        """Lets go of the weights. Closing twice is allowed."""
        self._closed = True
        self._release()

    def _release(self) -> None:
        """Drops what takes memory."""

    def _require_open(self) -> None:
        if self._closed:
            raise RuntimeError(f"{type(self).__name__} is closed")
