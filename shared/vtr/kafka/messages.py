"""Records to messages: the event decoded and checked, the envelope read from the headers."""

from __future__ import annotations

from collections.abc import Sequence

from vtr.contracts.codec import DecodeError, decode
from vtr.contracts.envelope import Envelope, EnvelopeError
from vtr.contracts.events import Event
from vtr.contracts.step import Message, Origin, Rejected
from vtr.kafka.delivery import Delivery, Partition

UNDECODABLE = "undecodable"


def to_message(
    partition: Partition, offset: int, value: bytes | None, headers: Sequence[tuple[str, bytes]]
) -> Message[Event]:
    """The message in a record. Raises :class:`Rejected` (``undecodable``) with the field and the reason."""
    try:
        event = decode(partition.topic, value)
        envelope = Envelope.from_headers(headers, default_type=partition.topic)
    except (DecodeError, EnvelopeError) as error:
        raise Rejected(UNDECODABLE, str(error)) from error
    return Message(
        event=event,
        envelope=envelope,
        origin=Origin(partition.topic, partition.partition, offset),
        size=len(value or b""),
    )


def message_of(delivery: Delivery) -> Message[Event]:
    """:func:`to_message` for a delivery."""
    return to_message(delivery.partition, delivery.offset, delivery.value, delivery.headers)
