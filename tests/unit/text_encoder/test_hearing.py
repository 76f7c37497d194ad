"""A text that names something heard gets a vector among the sounds; any other goes on as without."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from text_encoder.api import EmbedResponse, build_api
from text_encoder.batcher import MicroBatcher
from text_encoder.embedder import Embedded, Embedder, RecentVectors
from text_encoder.handler import EncodeQueries
from text_encoder.hearing import Hearing
from vtr.contracts.envelope import Envelope
from vtr.contracts.events import QueryEncoded, QuerySubmitted
from vtr.contracts.step import Message, Rejected
from vtr.models.audio.base import HeardText
from vtr.models.audio.weighing import LEAST
from vtr.models.encoders.base import EncodingError
from vtr.vectors.arrays import to_array


class Ears:
    """Hears in "bell" and sees in "red"."""

    model_version = "ears-3-v1"
    dim = 3

    def __init__(self) -> None:
        self.calls = 0

    def encode_texts(self, texts: Sequence[str]) -> list[HeardText]:
        self.calls += 1
        if "poison" in texts[0]:
            raise EncodingError(0, "poison")
        vector = np.array([0.1, len(texts[0]), 1.0], dtype=np.float32)
        return [
            HeardText(vector / np.linalg.norm(vector), float("bell" in t), float("red" in t)) for t in texts
        ]

    def close(self) -> None:
        return


class Lengths:
    model = "lengths"

    def embed(self, texts: Sequence[str]) -> Embedded:
        return Embedded([np.array([len(t), 1.0], dtype=np.float32) for t in texts], [False] * len(texts))


def encoded(text: str, **fields: Any) -> QueryEncoded:
    event = QuerySubmitted(query_id="q", submitted_at=datetime(2025, 1, 1, tzinfo=UTC), text=text, **fields)
    message = Message(event, Envelope.root(event.TYPE, source="test"))
    (emit,) = EncodeQueries(Lengths(), Hearing(Ears(), size=8)).handle([message])
    assert isinstance(emit.event, QueryEncoded)
    return emit.event


def weights(event: QueryEncoded) -> dict[str, float]:
    return {vector.modality: vector.weight for vector in event.vectors}


def test_what_is_named_decides_what_counts() -> None:
    assert weights(encoded("a red ball")) == {"visual": 1.0, "speech": 1.0}
    assert weights(encoded("a bell")) == {"visual": LEAST, "speech": LEAST, "audio": 1.0}
    assert weights(encoded("a red bell")) == {"visual": 1.0, "speech": 1.0, "audio": 1.0}


def test_the_sound_vector_names_its_model() -> None:
    models = {vector.modality: vector.model for vector in encoded("a red bell").vectors}
    assert models == {"visual": None, "speech": None, "audio": "ears-3-v1"}


def test_sound_is_left_out_where_it_is_not_asked_for() -> None:
    assert set(weights(encoded("a bell", modalities=("visual",)))) == {"visual"}


def test_texts_are_remembered_as_they_are_normalised_and_forgotten_in_time() -> None:
    ears = Ears()
    hearing = Hearing(ears, size=2)
    first = hearing.hear(["a bell", " a  bell "])
    assert ears.calls == 1
    assert first[0] is first[1]
    hearing.hear(["b", "c", "a bell"])
    assert ears.calls == 4


def test_a_refused_text_is_rejected() -> None:
    with pytest.raises(Rejected, match="poison"):
        Hearing(Ears(), size=2).hear(["poison"])


def test_http_gives_the_bits_of_the_topic() -> None:
    import msgspec

    class Nothing:
        def get(self, texts: Sequence[str]) -> list[Any]:
            return [None] * len(texts)

        def settle(self, texts: Sequence[str], vectors: Sequence[Any]) -> list[Any]:
            return list(vectors)

    batcher = MicroBatcher(
        lambda texts: np.stack([np.array([len(t), 1.0], dtype=np.float32) for t in texts]),
        max_batch=8,
        linger_s=0.001,
        max_queue=8,
    )
    batcher.start()
    try:
        embedder = Embedder(batcher, Nothing(), RecentVectors(8), model="lengths", dim=2, timeout_s=5)
        api = build_api(embedder, max_texts=4, hearing=Hearing(Ears(), size=8))
        body = TestClient(api).post("/v1/embed", json={"texts": ["a red bell", "a ball"]}).content
    finally:
        batcher.stop(5)
    audio = msgspec.json.decode(body, type=EmbedResponse).audio
    assert audio is not None
    assert audio.vectors[1] is None
    assert (audio.weights, audio.text_weights) == ([1.0, 0.0], [1.0, 1.0])
    by_topic = next(v for v in encoded("a red bell").vectors if v.modality == "audio")
    np.testing.assert_array_equal(np.frombuffer(audio.vectors[0] or b"", "<f4"), to_array(by_topic.vector))
