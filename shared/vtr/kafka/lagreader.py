"""The lag of groups, asked again and again over one connection."""

from __future__ import annotations

from typing import Any

from vtr.contracts.step import Unavailable
from vtr.kafka.admin import connect, kafka_faults, lag_of
from vtr.runtime.settings import KafkaSettings


class LagReader:
    """:func:`vtr.kafka.admin.group_lag` without a new connection for each answer. For one thread.

    Connects at the first question, and anew after a fault.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._client: Any = None

    def lag(self, group: str) -> dict[tuple[str, int], int]:
        """As :func:`vtr.kafka.admin.group_lag`. Raises :class:`Unavailable` when no broker answers."""
        try:
            if self._client is None:
                self._client = connect(self._settings)
            with kafka_faults(self._settings):
                return lag_of(self._client, group)
        except Unavailable:
            self.close()
            raise

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()
