"""Sound beside sight: a model of its own, weights by what the text speaks to, its share in the reasons."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import numpy as np
import pytest

from ranking.embedding import TextEncoderClient
from ranking.fuse import fuse
from ranking.handler import text_vectors
from ranking.ranker import Ranker, TextVectors
from support.clips import unit_vectors
from support.memory_store import MemoryStore
from support.ranking import MODEL, FixedWatermark, Frames, clip_row, put, query
from text_encoder.api import AudioVectors, EmbedResponse
from vtr.contracts.events import QueryEncoded
from vtr.contracts.vector import ModalityVector
from vtr.vectors.arrays import to_vector
from vtr.vectors.store import Candidate

SOUNDS = "sounds-8-v1"
SEEN, HEARD = unit_vectors(20, 16), unit_vectors(20, 8, seed=1)


def ranker() -> Ranker:
    store = MemoryStore()
    for i in range(20):
        row = clip_row(i, video_id=f"v{i}")
        put(store, "visual", row, SEEN[i])
        put(store, "audio", row, HEARD[i], SOUNDS)
    return Ranker(store, Frames(), FixedWatermark())


def asked(seen: int, heard: int, weights: dict[Any, float], sounds: str = SOUNDS) -> TextVectors:
    vectors: dict[Any, Any] = {"visual": SEEN[seen], "audio": HEARD[heard]}
    return TextVectors(MODEL, vectors, models={"audio": sounds}, weights=weights)


def test_a_text_of_sound_alone_is_answered_by_what_is_heard() -> None:
    best = ranker().answer(query(), asked(3, 7, {"visual": 0.1, "audio": 1.0})).hits[0]
    assert best.video_id == "v7"
    share = {part.modality: part.share for part in best.shares}
    assert share["audio"] > 0.85
    assert sum(share.values()) == pytest.approx(1.0)


def test_a_text_of_both_is_answered_by_what_is_seen_and_heard() -> None:
    best = ranker().answer(query(), asked(5, 5, {"visual": 1.0, "audio": 1.0})).hits[0]
    assert best.video_id == "v5"
    assert [part.share for part in best.shares] == pytest.approx([0.5, 0.5])


def test_sounds_of_another_model_than_the_query_are_left_out_and_said_so() -> None:
    results = ranker().answer(query(), asked(3, 7, {}, sounds="sounds-8-v2"))
    assert results.hits[0].video_id == "v3"
    assert results.degraded
    assert any(s.stage == "retrieve:audio" and "sounds-8-v1" in s.reason for s in results.skipped)


def test_the_row_of_a_fused_clip_is_the_visual_one() -> None:
    """Another model's row may name frame vectors of another space."""
    old, new = clip_row(0, frame_vectors_uri="file:///a"), clip_row(0, frame_vectors_uri="file:///b")
    (clip,) = fuse({"visual": [Candidate(new, 0.5)], "audio": [Candidate(old, 0.9)]})
    assert clip.row is new


def test_weights_of_one_change_no_bit() -> None:
    rows = [clip_row(i) for i in range(5)]
    lists: dict[Any, Any] = {
        "visual": [Candidate(row, 1 - i / 7) for i, row in enumerate(rows)],
        "audio": [Candidate(row, i / 9) for i, row in enumerate(rows)],
    }
    assert fuse(lists) == fuse(lists, weights={"visual": 1.0, "audio": 1.0})


def over_http(heard: bool) -> TextVectors:
    audio = AudioVectors(
        model=SOUNDS,
        dim=8,
        vectors=[HEARD[7].astype("<f4").tobytes() if heard else None],
        weights=[0.9],
        text_weights=[0.2],
    )
    answer = EmbedResponse(
        model=MODEL, dim=16, vectors=[SEEN[3].astype("<f4").tobytes()], cached=[False], took_ms=1, audio=audio
    )
    client = TextEncoderClient("http://text", timeout_s=1)
    client._client = httpx.Client(
        base_url="http://text",
        transport=httpx.MockTransport(lambda _: httpx.Response(200, content=msgspec.json.encode(answer))),
    )
    return client.embed("a bell rings", "default", ("visual", "audio"))


def test_both_ways_bring_the_same_vectors_and_weights() -> None:
    found = over_http(heard=True)
    event = QueryEncoded(
        query=query(),
        model=MODEL,
        vectors=(
            ModalityVector(modality="visual", vector=to_vector(SEEN[3], "float32"), weight=0.2),
            ModalityVector(modality="audio", vector=to_vector(HEARD[7], "float32"), weight=0.9, model=SOUNDS),
        ),
    )
    by_topic = text_vectors(event)
    assert by_topic is not None
    for modality in ("visual", "audio"):
        np.testing.assert_array_equal(by_topic.by_modality[modality], found.by_modality[modality])
        assert by_topic.weights[modality] == found.weights[modality]
    assert by_topic.models == found.models == {"audio": SOUNDS}


def test_a_text_that_names_nothing_heard_is_searched_as_without_sound() -> None:
    found = over_http(heard=False)
    assert set(found.by_modality) == {"visual"}
    assert found.weights["visual"] == 1.0
