"""Reads topics without a group: every record, by itself, from the start or from now on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from vtr.kafka.config import client_config
from vtr.kafka.delivery import Partition
from vtr.observability.logging import get_logger
from vtr.runtime.settings import KafkaSettings

POLL_MS = 100
RETRY_S = 1.0
PARTITIONS_REFRESH_S = 30.0
_TIMEOUT_MS = 10_000

_log = get_logger(__name__)

Start = Literal["earliest", "latest"]


class TopicReader:
    """A thread that reads all partitions of ``topics`` and hands each record on.

    ``ready`` is set once it has caught up with the end offsets that it saw at its start. Nothing is
    committed: each start reads anew. An error of ``handle`` ends the thread and is its failure.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        topics: Sequence[str],
        handle: Callable[[Any], None],
        *,
        name: str,
        start: Start,
    ) -> None:
        self.name = name
        self._settings = settings
        self._topics = list(topics)
        self._handle = handle
        self._start_at = start
        self._positions: dict[Partition, int] = {}
        self._goal: dict[Partition, int] | None = None
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.ready = threading.Event()

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def failure(self) -> BaseException | None:
        return self._failure

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._read()
            except (KafkaError, OSError) as error:
                # Positions are kept, so that reading goes on where it stopped.
                _log.warning("reader lost the broker, trying again", reader=self.name, error=repr(error))
                self._stop.wait(RETRY_S)
            except BaseException as error:  # noqa: BLE001  (the thread's end is its failure)
                _log.exception("reader failed", reader=self.name)
                self._failure = error
                return

    def _read(self) -> None:
        consumer = KafkaConsumer(
            **client_config(self._settings, client_id=self.name),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            allow_auto_create_topics=False,
            fetch_max_wait_ms=200,
            metrics_enabled=False,
        )
        try:
            next_refresh = 0.0
            while not self._stop.is_set():
                if time.monotonic() >= next_refresh:
                    complete = self._assign(consumer)
                    next_refresh = time.monotonic() + (PARTITIONS_REFRESH_S if complete else RETRY_S)
                if self._positions:
                    self._poll(consumer)
                else:
                    self._stop.wait(POLL_MS / 1000)
        finally:
            consumer.close(timeout_ms=1000)

    def _assign(self, consumer: Any) -> bool:
        """Assign all partitions there are; whether all topics exist."""
        found = {topic: consumer.partitions_for_topic(topic) or set() for topic in self._topics}
        partitions = [TopicPartition(t, number) for t, numbers in found.items() for number in numbers]
        known = {Partition(*p) for p in partitions}
        if partitions and known != {Partition(*p) for p in consumer.assignment()}:
            consumer.assign(partitions)
            ends = consumer.end_offsets(partitions, timeout_ms=_TIMEOUT_MS)
            begins = consumer.beginning_offsets(partitions, timeout_ms=_TIMEOUT_MS)
            # A partition that appears while we run is new: all of it is "from now on".
            from_end = self._start_at == "latest" and self._goal is None
            for partition in partitions:
                default = ends[partition] if from_end else begins[partition]
                position = self._positions.setdefault(Partition(*partition), default)
                consumer.seek(partition, max(position, begins[partition]))
            if self._goal is None and all(found.values()):
                self._goal = {p: ends[TopicPartition(*p)] for p in known}
        self._check_ready(consumer)
        return all(found.values())

    def _poll(self, consumer: Any) -> None:
        for partition, records in consumer.poll(timeout_ms=POLL_MS).items():
            for record in records:
                self._handle(record)
                self._positions[Partition(*partition)] = record.offset + 1
        self._check_ready(consumer)

    def _check_ready(self, consumer: Any) -> None:
        if self.ready.is_set() or self._goal is None:
            return
        # Compaction and transactions leave gaps, so the last record may lie below the end offset: the
        # client's position knows.
        if all(consumer.position(TopicPartition(*p), timeout_ms=0) >= end for p, end in self._goal.items()):
            self.ready.set()
