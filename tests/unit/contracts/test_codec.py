from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtr.contracts.codec import DecodeError, decode, decode_as, encode
from vtr.contracts.events import EVENTS, VideoDeleted, VideoStatus, VideoSubmitted
from vtr.contracts.ids import clip_id

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@given(st.sampled_from(sorted(EVENTS)), st.binary(max_size=200))
def test_arbitrary_bytes_raise_only_decode_error(event_type: str, value: bytes) -> None:
    with pytest.raises(DecodeError):
        decode(event_type, value)


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_survives(title: str, description: str) -> None:
    event = VideoSubmitted(
        video_id="a", uri="file:///a.mp4", submitted_at=NOW, title=title, description=description
    )
    try:
        assert decode_as(VideoSubmitted, encode(event)) == event
    except UnicodeEncodeError:
        assert any("\ud800" <= char <= "\udfff" for char in title + description)


def test_deep_nesting_is_a_decode_error() -> None:
    with pytest.raises(DecodeError):
        decode("vtr.video.deleted.v1", b'{"x":' + b"[" * 100_000)


def test_an_unknown_type_and_an_empty_value_are_told() -> None:
    with pytest.raises(DecodeError, match="type"):
        decode("vtr.nothing.known.v1", b"{}")
    with pytest.raises(DecodeError, match="value"):
        decode("vtr.video.deleted.v1", None)


def test_keys_are_the_ordering_unit() -> None:
    assert VideoDeleted(video_id="a", deleted_at=NOW).key == "default/a"


def test_tenants_do_not_share_keys_so_compaction_keeps_both_tombstones() -> None:
    keys = {VideoDeleted(video_id="a", deleted_at=NOW, tenant=t).key for t in ("acme", "other")}
    assert len(keys) == 2


@pytest.mark.parametrize(
    ("first", "second"), [("received", "decoded"), ("encoded", "searchable"), ("decoded", "failed")]
)
def test_a_reader_keeps_the_furthest_stage_of_the_newest_submission(first: str, second: str) -> None:
    def status(stage: str, day: int) -> VideoStatus:
        failure = {"code": "x", "message": "y", "service": "z"} if stage == "failed" else None
        body = {
            "video_id": "a",
            "stage": stage,
            "submitted_at": f"2026-03-{day:02}T00:00:00Z",
            "updated_at": NOW.isoformat(),
            "failure": failure,
        }
        import msgspec

        return msgspec.convert(body, VideoStatus)

    assert status(second, 1).supersedes(status(first, 1))
    assert not status(first, 1).supersedes(status(second, 1))
    assert status("received", 2).supersedes(status(second, 1))


def test_clip_ids_are_stable_and_distinct() -> None:
    one = clip_id("acme", "bikes", 0.0, 2.4)
    assert one == clip_id("acme", "bikes", 0.0, 2.4000000001)
    others = {
        clip_id("b", "bikes", 0.0, 2.4),
        clip_id("acme", "bikes", 0.0, 2.5),
        clip_id("acme", "bike", 0, 2.4),
    }
    assert one not in others
    assert len(others) == 3
