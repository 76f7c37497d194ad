"""Follows topics live: for event streams, the command line, and waiting for an answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from vtr.contracts.events import Event
from vtr.contracts.step import Message, Rejected
from vtr.kafka.delivery import Partition
from vtr.kafka.messages import to_message
from vtr.kafka.reader import Start, TopicReader
from vtr.observability.logging import get_logger
from vtr.runtime.settings import KafkaSettings

_log = get_logger(__name__)


class TopicTail:
    """A loop (:class:`vtr.runtime.service.Loop`) that calls ``callback`` with each message of the topics.

    It belongs to no group and commits nothing: each tail sees every message once while it runs, in order
    within a partition. ``callback`` runs in the tail's thread and should not block; what it raises is logged
    and the tail goes on. Undecodable records are skipped with a warning.

    :param start: ``latest``, from the moment it is ready; ``earliest``, everything retained first.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        events: Sequence[type[Event]],
        callback: Callable[[Message[Event]], None],
        *,
        start: Start = "latest",
        name: str | None = None,
    ) -> None:
        topics = [event.TYPE for event in events]
        self.name = name or f"tail:{','.join(topics)}"
        self._callback = callback
        self._reader = TopicReader(settings, topics, self._on_record, name=self.name, start=start)

    @property
    def ready(self) -> threading.Event:
        """Set once all that was there at the start is read, or from when on new messages are seen."""
        return self._reader.ready

    def start(self) -> None:
        self._reader.start()

    def stop(self, timeout_s: float) -> None:
        self._reader.stop(timeout_s)

    def failure(self) -> BaseException | None:
        return self._reader.failure()

    def stalled(self) -> str | None:
        return None

    def _on_record(self, record: Any) -> None:
        try:
            partition = Partition(record.topic, record.partition)
            message = to_message(partition, record.offset, record.value, record.headers)
        except Rejected as error:
            _log.warning(
                "record skipped",
                topic=record.topic,
                offset=record.offset,
                code=error.code,
                reason=error.message,
            )
            return
        try:
            self._callback(message)
        except Exception:  # noqa: BLE001  (one bad callback must not end the stream)
            _log.exception("callback failed", tail=self.name, topic=record.topic, offset=record.offset)
