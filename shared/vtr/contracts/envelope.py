"""The envelope of an event: CloudEvents 1.0 context attributes, carried in Kafka headers.

The Kafka protocol binding of CloudEvents (binary mode) prefixes attributes with ``ce_``. ``tenant`` is an
extension attribute; ``traceparent`` is the W3C Trace Context header and keeps its own name, so that
OpenTelemetry instrumentations find it.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

SPEC_VERSION = "1.0"
CONTENT_TYPE = "application/json"
DEFAULT_TENANT = "default"

Headers = list[tuple[str, bytes]]


class EnvelopeError(ValueError):
    """A record's headers are not a valid envelope; the message names the header and the reason."""


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """CloudEvents context attributes of one event.

    ``id`` is unique for the source; ``time`` is when the event happened (timezone aware);
    ``traceparent`` follows W3C Trace Context level 1.
    """

    id: str
    type: str
    source: str
    time: datetime
    traceparent: str
    tenant: str = DEFAULT_TENANT
    specversion: str = SPEC_VERSION

    @classmethod
    def root(cls, event_type: str, *, source: str, tenant: str = DEFAULT_TENANT) -> Envelope:
        """An envelope that starts a trace of its own."""
        return cls(
            id=str(uuid.uuid4()),
            type=event_type,
            source=source,
            time=datetime.now(UTC),
            traceparent=f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01",
            tenant=tenant,
        )

    def child(self, event_type: str, *, source: str) -> Envelope:
        """An envelope of an event that this one caused: same trace and tenant, a new span."""
        version, trace_id, _parent, flags = self.traceparent.split("-")
        return Envelope(
            id=str(uuid.uuid4()),
            type=event_type,
            source=source,
            time=datetime.now(UTC),
            traceparent=f"{version}-{trace_id}-{secrets.token_hex(8)}-{flags}",
            tenant=self.tenant,
        )

    @property
    def trace_id(self) -> str:
        return self.traceparent.split("-")[1]

    def to_headers(self) -> Headers:
        """Kafka record headers in CloudEvents binary mode."""
        return [
            ("ce_id", self.id.encode()),
            ("ce_type", self.type.encode()),
            ("ce_specversion", self.specversion.encode()),
            ("ce_source", self.source.encode()),
            ("ce_time", self.time.isoformat().encode()),
            ("ce_tenant", self.tenant.encode()),
            ("traceparent", self.traceparent.encode()),
            ("content-type", CONTENT_TYPE.encode()),
        ]

    @classmethod
    def from_headers(cls, headers: Iterable[tuple[str, bytes]], *, default_type: str) -> Envelope:
        """Read an envelope; attributes that a foreign producer left out get neutral values.

        ``default_type`` is the event type of the topic. A ``ce_type`` that names another type, an
        unreadable time or a malformed traceparent raises :class:`EnvelopeError`.
        """
        found = {name: value for name, value in headers if value is not None}

        def text(name: str) -> str | None:
            raw = found.get(name)
            if raw is None:
                return None
            try:
                return raw.decode()
            except UnicodeDecodeError as error:
                raise EnvelopeError(f"header {name}: not UTF-8") from error

        event_type = text("ce_type") or default_type
        if event_type != default_type:
            raise EnvelopeError(f"header ce_type: {event_type!r} in a topic of {default_type!r}")
        blank = cls.root(default_type, source=text("ce_source") or "unknown")
        return cls(
            id=text("ce_id") or blank.id,
            type=event_type,
            source=blank.source,
            time=_parse_time(text("ce_time")) or blank.time,
            traceparent=_parse_traceparent(text("traceparent")) or blank.traceparent,
            tenant=text("ce_tenant") or DEFAULT_TENANT,
            specversion=text("ce_specversion") or SPEC_VERSION,
        )


def _parse_time(value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError as error:
        raise EnvelopeError(f"header ce_time: {value!r} is not RFC 3339") from error
    if parsed.tzinfo is None:
        raise EnvelopeError(f"header ce_time: {value!r} has no timezone")
    return parsed


def _parse_traceparent(value: str | None) -> str | None:
    if value is None:
        return None
    parts = value.split("-")
    widths = [len(part) for part in parts]
    if widths != [2, 32, 16, 2] or any(set(part) - set("0123456789abcdef") for part in parts):
        raise EnvelopeError(f"header traceparent: {value!r} is not W3C Trace Context")
    return value
