"""Publishes events: durable (all in-sync replicas), idempotent, keyed, with the envelope in the headers."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec
from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError

from vtr.contracts.codec import encode
from vtr.contracts.envelope import DEFAULT_TENANT, Envelope
from vtr.contracts.events import Event
from vtr.contracts.step import Message, Rejected, Unavailable
from vtr.contracts.topics import load_topics
from vtr.kafka.config import client_config
from vtr.kafka.delivery import record_size
from vtr.kafka.renewal import RenewableClient
from vtr.observability import metrics
from vtr.observability.logging import get_logger
from vtr.runtime.settings import KafkaSettings

FLUSH_TIMEOUT_S = 30.0
MAX_UNACKNOWLEDGED = 20_000
"""Publishing blocks beyond so many records: the client itself has no bound on its buffer."""

METADATA_TIMEOUT_MS = 10_000
LINGER_MS = 2
_FRAMING_BYTES = 512
"""What a record batch adds to its records, generously."""

_log = get_logger(__name__)


class EventProducer:
    """A thread-safe producer of events.

    :param source: the CloudEvents source of what is published, the service's name.

    Raises :class:`Unavailable` when no broker answers at construction.
    """

    def __init__(self, settings: KafkaSettings, source: str) -> None:
        self._source = source
        self._address = settings.bootstrap_servers
        self._limits = {name: spec.max_message_bytes for name, spec in load_topics().items()}
        self._changed = threading.Condition()
        self._unacknowledged = 0
        self._failures = 0
        self._flushed_failures = 0
        self._first_error: str | None = None
        self._closed = False
        self._client = RenewableClient(lambda: self._connect(settings))

    def _connect(self, settings: KafkaSettings) -> Any:
        try:
            # The default partitioner is Java's murmur2, so that topics with equal keys and partition counts
            # are co-partitioned whoever writes them.
            return KafkaProducer(
                **client_config(settings, client_id=self._source),
                acks="all",
                enable_idempotence=True,
                compression_type="lz4",
                linger_ms=LINGER_MS,
                max_block_ms=METADATA_TIMEOUT_MS,
                max_request_size=2 * max(self._limits.values()),
                allow_auto_create_topics=False,
                metrics_enabled=False,
            )
        except (KafkaError, OSError) as error:
            raise Unavailable("kafka", f"no broker at {self._address}: {error}") from error

    def publish(
        self, event: Event, *, cause: Message[Event] | None = None, tenant: str | None = None
    ) -> None:
        """Queue an event for its topic, under its key; returns before it is acknowledged.

        It continues the trace of ``cause`` and takes its tenant, if given; else that of the event. Raises
        :class:`Rejected` (``record-too-large``) for an event that its topic does not take and
        :class:`Unavailable` when the topic does not exist or too much is unacknowledged. Whether the event
        arrived is known after :meth:`flush`.
        """
        value = encode(event)
        key = event.key.encode()
        headers = self._envelope(event, cause, tenant).to_headers()
        size = record_size(key, value, headers)
        limit = self._limits[event.TYPE]
        if size + _FRAMING_BYTES > limit:
            raise Rejected(
                "record-too-large", f"{event.TYPE} {event.key}: {size} bytes, the topic takes {limit}"
            )
        self.send(event.TYPE, key, value, headers)

    def send(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]]
    ) -> None:
        """Queue a raw record; :meth:`publish` for events. Raises :class:`Unavailable` as there."""
        with self._changed:
            if not self._changed.wait_for(
                lambda: self._unacknowledged < MAX_UNACKNOWLEDGED, METADATA_TIMEOUT_MS / 1000
            ):
                raise Unavailable("kafka", f"{MAX_UNACKNOWLEDGED} records wait for acknowledgement")
            self._unacknowledged += 1
        try:
            client = self._client.current()
            future = client.send(topic, value=value, key=key, headers=list(headers))
        except KafkaTimeoutError as error:
            self._forget()
            raise Unavailable(
                "kafka", f"topic {topic} not found at {self._address} (is it created?): {error}"
            ) from error
        except KafkaError as error:
            self._forget()
            raise Unavailable("kafka", f"{topic}: {error!r}") from error
        except BaseException:
            self._forget()
            raise
        future.add_callback(partial(self._acknowledged, topic))
        future.add_errback(partial(self._failed, topic, client))

    def flush(self, timeout_s: float = FLUSH_TIMEOUT_S) -> None:
        """Wait until everything published so far is acknowledged.

        Raises :class:`Unavailable` when something published since the last flush was not: it may have to be
        published again.
        """
        deadline = time.monotonic() + timeout_s
        try:
            self._client.current().flush(timeout=max(0.0, timeout_s))
        except KafkaError as error:
            _log.debug("flush", error=repr(error))
        with self._changed:
            done = self._changed.wait_for(
                lambda: self._unacknowledged == 0, max(0.0, deadline - time.monotonic())
            )
            failed, error_text = self._failures - self._flushed_failures, self._first_error
            self._flushed_failures, self._first_error = self._failures, None
            waiting = self._unacknowledged
        if failed:
            raise Unavailable("kafka", f"{failed} records were not taken; first: {error_text}")
        if not done:
            raise Unavailable("kafka", f"{waiting} records not acknowledged after {timeout_s:.1f} s")

    @property
    def failures(self) -> int:
        """Records that were given up, ever: grows only, so that several users of a producer can watch it."""
        with self._changed:
            return self._failures

    def close(self, timeout_s: float = 10.0) -> None:
        """Send what is buffered and leave; idempotent."""
        if self._closed:
            return
        self._closed = True
        self._client.close(timeout_s)

    def _envelope(self, event: Event, cause: Message[Event] | None, tenant: str | None) -> Envelope:
        if cause is None:
            owner = tenant or getattr(event, "tenant", None) or DEFAULT_TENANT
            return Envelope.root(event.TYPE, source=self._source, tenant=owner)
        envelope = cause.envelope.child(event.TYPE, source=self._source)
        return envelope if tenant is None else msgspec.structs.replace(envelope, tenant=tenant)

    def _acknowledged(self, topic: str, _metadata: object) -> None:
        metrics.PRODUCED.labels(self._source, topic).inc()
        self._forget()

    def _failed(self, topic: str, client: object, error: BaseException) -> None:
        _log.error("record not delivered", topic=topic, error=repr(error))
        self._client.failed(client, error)
        with self._changed:
            self._failures += 1
            if self._first_error is None:
                self._first_error = f"{topic}: {error!r}"
        self._forget()

    def _forget(self) -> None:
        with self._changed:
            self._unacknowledged -= 1
            self._changed.notify_all()
