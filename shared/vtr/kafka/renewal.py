"""A producer's client that can be replaced.

With idempotence on, kafka-python (3.0.12) treats any refusal that is not retriable, such as one record too
large for its topic, as fatal for the client: all later records fail too. The way out is a new client.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from kafka.errors import KafkaError

from vtr.observability.logging import get_logger

_log = get_logger(__name__)


class RenewableClient:
    """Thread-safe. ``connect`` makes a client; what it raises, :meth:`current` raises."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = connect
        self._lock = threading.Lock()
        self._client = connect()
        self._broken = False

    def current(self) -> Any:
        """The client to use now; a new one if the last broke."""
        with self._lock:
            if self._broken:
                old, self._client = self._client, self._connect()
                self._broken = False
                _log.warning("producer replaced after a fatal error")
                _close(old, 0.0)
            return self._client

    def failed(self, client: Any, error: BaseException) -> None:
        """``client`` gave a record up because of ``error``."""
        with self._lock:
            if client is self._client and not getattr(error, "retriable", False):
                self._broken = True

    def close(self, timeout_s: float) -> None:
        """Send what is buffered and leave."""
        with self._lock:
            _close(self._client, timeout_s)


def _close(client: Any, timeout_s: float) -> None:
    try:
        client.close(timeout=timeout_s)
    except KafkaError as error:
        _log.debug("producer closed with records unsent", error=repr(error))
