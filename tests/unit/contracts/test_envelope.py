from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtr.contracts.envelope import Envelope, EnvelopeError

TYPE = "vtr.video.submitted.v1"


def test_headers_round_trip() -> None:
    envelope = Envelope.root(TYPE, source="vtr.cli", tenant="acme")
    assert Envelope.from_headers(envelope.to_headers(), default_type=TYPE) == envelope


def test_a_child_keeps_trace_and_tenant_and_is_a_new_span() -> None:
    parent = Envelope.root(TYPE, source="vtr.cli", tenant="acme")
    child = parent.child("vtr.clip.extracted.v1", source="vtr.video_ingest")
    assert (child.trace_id, child.tenant) == (parent.trace_id, "acme")
    assert child.id != parent.id
    assert child.traceparent != parent.traceparent


def test_a_foreign_record_without_headers_is_taken() -> None:
    envelope = Envelope.from_headers([], default_type=TYPE)
    assert (envelope.type, envelope.tenant, envelope.source) == (TYPE, "default", "unknown")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ce_type", b"vtr.other.event.v1"),
        ("ce_time", b"yesterday"),
        ("ce_time", b"2026-03-01T09:30:00"),
        ("traceparent", b"00-xyz-1-01"),
        ("ce_id", b"\xff"),
    ],
)
def test_a_bad_header_is_named(name: str, value: bytes) -> None:
    with pytest.raises(EnvelopeError, match=name):
        Envelope.from_headers([(name, value)], default_type=TYPE)


@given(
    st.lists(st.tuples(st.sampled_from(["ce_time", "ce_id", "traceparent", "ce_tenant", "x"]), st.binary()))
)
def test_hostile_headers_never_raise_anything_else(headers: list[tuple[str, bytes]]) -> None:
    with contextlib.suppress(EnvelopeError):
        Envelope.from_headers(headers, default_type=TYPE)
