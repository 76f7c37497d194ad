from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from ranking.api import build_api
from ranking.ranker import Ranker, TextVectors
from ranking.search import SearchNow
from support.clips import SUBMITTED, unit_vectors
from support.memory_store import MemoryStore
from support.ranking import MODEL, FixedWatermark, Frames, clip_row, put
from vtr.contracts.codec import decode_as
from vtr.contracts.events import ResultsRanked
from vtr.contracts.step import Rejected, Unavailable

VECTOR = unit_vectors(1, 16)[0]


class Embedder:
    error: Exception | None = None

    def embed(self, text: str, tenant: str, modalities: Any) -> TextVectors:
        if self.error is not None:
            raise self.error
        return TextVectors(MODEL, {"visual": VECTOR})


class World:
    def __init__(self) -> None:
        self.store = MemoryStore()
        self.embedder = Embedder()
        self.published: list[ResultsRanked] = []
        self.publish_error: Exception | None = None
        put(self.store, "visual", clip_row(0, title="First"), VECTOR)
        put(self.store, "visual", clip_row(1), unit_vectors(1, 16, seed=5)[0])
        watermark = FixedWatermark()
        ranker = Ranker(self.store, Frames(), watermark)
        app = build_api(SearchNow(self.embedder, ranker), self.store, watermark.read, self._publish)
        self.http = TestClient(app)

    def _publish(self, results: ResultsRanked) -> None:
        if self.publish_error is not None:
            raise self.publish_error
        self.published.append(results)


@pytest.fixture
def world() -> World:
    return World()


def test_a_search_is_answered_and_then_published(world: World) -> None:
    response = world.http.post("/v1/search", json={"text": "a query"})
    assert response.status_code == 200
    results = decode_as(ResultsRanked, response.content)
    assert [hit.title for hit in results.hits] == ["First"]
    assert results.watermark == SUBMITTED
    assert world.published == [results]
    assert results.query_id


def test_what_cannot_be_published_is_still_answered(world: World) -> None:
    world.publish_error = Unavailable("kafka", "is down")
    assert world.http.post("/v1/search", json={"text": "a query"}).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({}, 422, "text: is empty"),
        ({"text": "x", "kk": 3}, 422, "unknown field 'kk'"),
        ({"text": "x", "k": 1000}, 422, "k"),
        ({"text": "x", "tenant": 'a" or true'}, 422, "tenant"),
        ({"example": {"video_id": "absent"}}, 404, "'absent' is not indexed"),
        ({"example": {"uri": "file:///x"}}, 422, "example.uri"),
    ],
)
def test_queries_that_cannot_be_answered_say_why(world: World, body: Any, status: int, says: str) -> None:
    response = world.http.post("/v1/search", json=body)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert says in response.json()["detail"]
    assert world.published == []


def test_dependencies_that_are_away_are_named(world: World) -> None:
    world.store.down = {"*"}
    response = world.http.post("/v1/search", json={"text": "x"})
    assert (response.status_code, response.json()["dependency"]) == (503, "milvus")
    world.embedder.error = Unavailable("text_encoder", "connection refused")
    response = world.http.post("/v1/search", json={"text": "x"})
    assert (response.status_code, response.json()["dependency"]) == (503, "text_encoder")
    world.embedder.error = Rejected("text-too-long", "text: 3000 characters, at most 2000 are taken")
    assert world.http.post("/v1/search", json={"text": "x"}).status_code == 422


def test_the_clips_of_a_video(world: World) -> None:
    body = world.http.get("/v1/videos/v1/clips").json()
    assert [(clip["ordinal"], clip["t0_s"]) for clip in body["clips"]] == [(0, 0.0), (1, 4.0)]
    assert body["collection"] == "clips_random_16_v1_visual"
    assert world.http.get("/v1/videos/absent/clips").status_code == 404
    assert world.http.get("/v1/videos/v1/clips", params={"tenant": "acme"}).status_code == 404
    assert world.http.get("/v1/videos/v1/clips", params={"tenant": '"'}).status_code == 422


def test_the_collections(world: World) -> None:
    body = world.http.get("/v1/collections").json()
    assert body["collections"] == [
        {
            "name": "clips_random_16_v1_visual",
            "model": MODEL,
            "modality": "visual",
            "dim": 16,
            "live": True,
            "clips": 2,
        }
    ]
    assert body["watermark"] == "2026-03-01T12:00:00.250000Z"


def test_the_api_describes_itself(world: World) -> None:
    assert "/v1/search" in world.http.get("/openapi.json").json()["paths"]
