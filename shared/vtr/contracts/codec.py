"""Events to bytes and back: JSON by msgspec, checked against the event's types on the way in."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from vtr.contracts.events import EVENTS, Event

E = TypeVar("E", bound=Event)

_encoder = msgspec.json.Encoder(decimal_format="number")
_decoders: dict[str, msgspec.json.Decoder[Event]] = {
    name: msgspec.json.Decoder(event) for name, event in EVENTS.items()
}


class DecodeError(ValueError):
    """A value is not the event its topic promises; the message names the field and the reason."""


def encode(event: Event) -> bytes:
    """UTF-8 JSON of an event; datetimes as RFC 3339, vectors as base64."""
    return _encoder.encode(event)


def decode(event_type: str, value: bytes | None) -> Event:
    """The event of ``event_type`` in ``value``.

    Raises :class:`DecodeError` for an unknown type, an empty value, malformed JSON or a field that breaks
    the contract. Unknown fields are ignored, so that a consumer survives a newer producer.
    """
    decoder = _decoders.get(event_type)
    if decoder is None:
        raise DecodeError(f"type: {event_type!r} is not an event of vtr")
    if value is None:
        raise DecodeError("value: is empty")
    try:
        return decoder.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DecodeError(str(error)) from error


def decode_as(event: type[E], value: bytes | None) -> E:
    """:func:`decode` with the event's class known to the caller and to the type checker."""
    decoded = decode(event.TYPE, value)
    if not isinstance(decoded, event):
        raise DecodeError(f"type: got {type(decoded).__name__}, wanted {event.__name__}")
    return decoded
