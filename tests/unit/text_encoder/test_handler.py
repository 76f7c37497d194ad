"""Queries get vectors for the modalities that they ask for and that have a text space."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from text_encoder.embedder import Embedded
from text_encoder.handler import EncodeQueries
from vtr.contracts.envelope import Envelope
from vtr.contracts.events import QueryEncoded, QuerySubmitted
from vtr.contracts.events.queries import Example
from vtr.contracts.step import Message, Rejected
from vtr.vectors.arrays import to_array


class Lengths:
    model = "lengths"

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def embed(self, texts: Sequence[str]) -> Embedded:
        self.asked.append(list(texts))
        if "poison" in texts:
            raise Rejected("text-not-encodable", "texts: poison")
        vectors = [np.array([len(text), 1.0], dtype=np.float32) for text in texts]
        return Embedded(vectors, [text == "known" for text in texts])


def query(query_id: str, **fields: Any) -> Message[QuerySubmitted]:
    event = QuerySubmitted(query_id=query_id, submitted_at=datetime(2025, 1, 1, tzinfo=UTC), **fields)
    return Message(event, Envelope.root(event.TYPE, source="test"))


def run(*messages: Message[QuerySubmitted]) -> list[QueryEncoded]:
    emitted = list(EncodeQueries(Lengths()).handle(messages))
    assert [emit.cause for emit in emitted] == list(messages)
    events = [emit.event for emit in emitted]
    assert all(isinstance(event, QueryEncoded) for event in events)
    return events  # type: ignore[return-value]


def test_one_forward_pass_for_a_batch_and_each_query_gets_its_own_vector() -> None:
    embedder = Lengths()
    batch = [query("q1", text="abc"), query("q2", text="known")]
    events = [emit.event for emit in EncodeQueries(embedder).handle(batch)]
    assert embedder.asked == [["abc", "known"]]
    assert isinstance(events[0], QueryEncoded)
    assert isinstance(events[1], QueryEncoded)
    assert [v.modality for v in events[0].vectors] == ["visual", "speech"]
    assert to_array(events[0].vectors[0].vector).tolist() == [3.0, 1.0]
    assert to_array(events[1].vectors[1].vector).tolist() == [5.0, 1.0]
    assert (events[0].cached, events[1].cached) == (False, True)


def test_only_modalities_asked_for() -> None:
    (event,) = run(query("q", text="abc", modalities=("speech", "audio")))
    assert [v.modality for v in event.vectors] == ["speech"]


def test_a_query_by_example_alone_passes_without_vectors_beside_one_with_text() -> None:
    by_example, by_text = run(query("q1", example=Example(video_id="v1")), query("q2", text="abcd"))
    assert by_example.vectors == ()
    assert to_array(by_text.vectors[0].vector).tolist() == [4.0, 1.0]


def test_a_text_that_cannot_be_encoded_is_rejected() -> None:
    with pytest.raises(Rejected, match="poison"):
        run(query("q", text="poison"))
