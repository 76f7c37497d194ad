"""search as it runs: statuses, live answers, impressions and publishing on real Kafka."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from httpx_sse import connect_sse

from search.settings import SearchSettings
from search.wiring import build
from support.engines import free_ports
from support.searching import answer, hit, status
from support.services import eventually, listening, running
from vtr.contracts.events import (
    InteractionRecorded,
    QuerySubmitted,
    ResultsRanked,
    VideoDeleted,
    VideoSubmitted,
)
from vtr.kafka.producer import EventProducer
from vtr.kafka.tail import TopicTail
from vtr.runtime.settings import ConsumerSettings, HttpSettings, KafkaSettings, ObjectStoreSettings

pytestmark = pytest.mark.kafka


@pytest.fixture
def tenant() -> str:
    return f"t-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def settings(kafka: KafkaSettings, tmp_path: Path) -> SearchSettings:
    nowhere = f"http://127.0.0.1:{free_ports(1)[0]}"
    return SearchSettings(
        kafka=kafka,
        objects=ObjectStoreSettings(uri=f"file://{tmp_path}/objects"),
        http=HttpSettings(host="127.0.0.1", port=0),
        consumer=ConsumerSettings(max_batch=16, commit_interval_ms=100),
        ranking_url=nowhere,
        recommendation_url=nowhere,
        search_media_roots=[tmp_path],
        search_allow_file_uris=True,
    )


def send(producer: EventProducer, *events: Any) -> None:
    for event in events:
        producer.publish(event)
    producer.flush()


def test_statuses_from_before_the_start_and_deletions_after_it(
    producer: EventProducer, settings: SearchSettings, tenant: str
) -> None:
    send(producer, status("v1", "searchable", tenant=tenant), status("v2", "failed", tenant=tenant))
    with running(build(settings)) as client:
        listed = client.get("/v1/videos", params={"tenant": tenant}).json()
        assert listed["counts"] == {"searchable": 1, "failed": 1}
        later = datetime.now(UTC) + timedelta(seconds=1)
        send(producer, VideoDeleted(video_id="v1", deleted_at=later, tenant=tenant))
        eventually(
            lambda: (
                client.get("/v1/videos/v1/status", params={"tenant": tenant}).json()["stage"] == "deleted"
            ),
            "the deletion is seen",
        )


def test_a_submitted_file_is_published_and_can_be_played_also_after_a_restart(
    kafka: KafkaSettings, settings: SearchSettings, tenant: str, tmp_path: Path
) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(bytes(range(256)))
    with listening(kafka, [VideoSubmitted]) as heard, running(build(settings)) as client:
        given = {"uri": film.as_uri(), "tenant": tenant, "title": "A film"}
        accepted = client.post("/v1/videos", json=given)
        assert accepted.status_code == 202, accepted.text
        submitted = heard.wait(VideoSubmitted, 1, lambda event: event.tenant == tenant)
        video_id = accepted.json()["video_id"]
        assert [(event.video_id, event.uri) for event in submitted] == [(video_id, film.as_uri())]
    with running(build(settings)) as client:
        url = f"/v1/videos/{video_id}/media"
        eventually(lambda: client.get(url, params={"tenant": tenant}).status_code == 200, "it is known again")
        part = client.get(url, params={"tenant": tenant}, headers={"range": "bytes=4-7"})
        assert (part.status_code, part.content) == (206, bytes([4, 5, 6, 7]))


def test_a_query_through_the_topics_gets_its_answer_and_what_was_shown_is_recorded(
    kafka: KafkaSettings, producer: EventProducer, settings: SearchSettings, tenant: str
) -> None:
    def rank(message: Any) -> None:
        query = message.event
        if query.tenant == tenant:
            hits = (hit("a", 1), hit("b", 2))
            send(producer, answer(*hits, query_id=query.query_id, tenant=tenant, user_id=query.user_id))

    ranking = TopicTail(kafka, [QuerySubmitted], rank)
    ranking.start()
    assert ranking.ready.wait(30)
    try:
        with listening(kafka, [InteractionRecorded]) as heard, running(build(settings)) as client:
            asked = {"text": "a rabbit", "tenant": tenant, "user_id": "ann"}
            response = client.post("/v1/search", params={"path": "topics"}, json=asked)
            assert response.status_code == 200, response.text
            assert [found["video_id"] for found in response.json()["hits"]] == ["a", "b"]
            mine = heard.wait(InteractionRecorded, 2, lambda event: event.tenant == tenant)
            assert [(event.kind, event.video_id, event.position) for event in mine] == [
                ("impression", "a", 1),
                ("impression", "b", 2),
            ]
            clicked = {"user_id": "ann", "tenant": tenant, "video_id": "b", "kind": "click"}
            assert client.post("/v1/interactions", json=clicked).status_code == 202
            assert heard.wait(
                InteractionRecorded, 1, lambda event: event.kind == "click" and event.tenant == tenant
            )
    finally:
        ranking.stop(5)


def test_an_answer_that_comes_twice_leaves_one_impression_id_per_video(
    kafka: KafkaSettings, producer: EventProducer, settings: SearchSettings, tenant: str
) -> None:
    shown: ResultsRanked = answer(hit("a", 1), query_id="twice", tenant=tenant, user_id="ann")
    with listening(kafka, [InteractionRecorded]) as heard, running(build(settings)):
        send(producer, shown, shown)
        mine = heard.wait(InteractionRecorded, 2, lambda event: event.tenant == tenant)
        assert len({event.interaction_id for event in mine}) == 1


def test_a_browser_follows_its_videos_live_and_is_let_go_at_the_end(
    producer: EventProducer, settings: SearchSettings, tenant: str
) -> None:
    told: list[tuple[str, Any]] = []
    note = told.append
    ended = threading.Event()

    def collect(base_url: httpx.URL) -> None:
        with (
            httpx.Client(base_url=base_url, timeout=60) as browser,
            connect_sse(browser, "GET", "/v1/events", params={"tenant": tenant}) as stream,
        ):
            for event in stream.iter_sse():
                note((event.event, event.json()))
        ended.set()

    with running(build(settings)) as client:
        reader = threading.Thread(target=collect, args=(client.base_url,))
        reader.start()
        eventually(lambda: told, "the stream is open")
        send(producer, status("other", tenant=f"{tenant}-other"), status("v1", "searchable", tenant=tenant))
        eventually(lambda: len(told) >= 2, "the status came")
    assert ended.wait(30), "the stream ends with the service"
    reader.join(5)
    assert [kind for kind, _ in told] == ["open", "video.status"]
    assert (told[1][1]["video_id"], told[1][1]["stage"]) == ("v1", "searchable")


def test_what_is_not_there_is_said(settings: SearchSettings, tenant: str) -> None:
    with running(build(settings)) as client:
        asked = client.post("/v1/search", json={"text": "a rabbit", "tenant": tenant})
        assert (asked.status_code, asked.json()["dependency"]) == (503, "ranking")
        feed = client.get("/v1/people/ann/recommendations")
        assert (feed.status_code, feed.json()["dependency"]) == (503, "recommendation")
        missing = client.get("/v1/videos/nothing/status", params={"tenant": tenant})
        assert missing.status_code == 404
        assert "nothing" in missing.json()["detail"]
        assert client.get("/").status_code == 200
