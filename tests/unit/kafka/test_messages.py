"""Records become messages, or a reason why not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from vtr.contracts.codec import encode
from vtr.contracts.envelope import Envelope
from vtr.contracts.events import VideoDeleted
from vtr.contracts.step import Origin, Rejected
from vtr.kafka.delivery import Partition, record_size
from vtr.kafka.messages import to_message

PLACE = Partition(VideoDeleted.TYPE, 3)
EVENT = VideoDeleted(video_id="v", deleted_at=datetime(2026, 1, 1, tzinfo=UTC))


def test_a_record_becomes_its_event_with_envelope_and_origin() -> None:
    envelope = Envelope.root(VideoDeleted.TYPE, source="web", tenant="acme")
    value = encode(EVENT)
    message = to_message(PLACE, 9, value, envelope.to_headers())
    assert message.event == EVENT
    assert message.envelope == envelope
    assert message.origin == Origin(VideoDeleted.TYPE, 3, 9)
    assert message.size == len(value)


@pytest.mark.parametrize(
    ("value", "headers", "reason"),
    [
        (b"[]", [], "Expected `object`"),
        (None, [], "value: is empty"),
        (encode(EVENT), [("ce_time", b"yesterday")], "header ce_time"),
    ],
)
def test_what_cannot_be_read_is_undecodable_with_the_reason(
    value: bytes | None, headers: list[tuple[str, bytes]], reason: str
) -> None:
    with pytest.raises(Rejected, match=reason) as caught:
        to_message(PLACE, 0, value, headers)
    assert caught.value.code == "undecodable"


def test_size_counts_key_value_and_headers() -> None:
    assert record_size(b"kk", b"vvv", [("name", b"value")]) - record_size(None, None, []) == 2 + 3 + 9
