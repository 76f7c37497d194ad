"""recommendation as it runs: real Kafka, Redis and Milvus Lite."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest

from recommendation.settings import RecommendationSettings
from recommendation.wiring import build
from support.clips import clip_row
from support.engines import free_ports
from support.recommending import clip_indexed, interaction
from support.services import eventually, listening, running
from vtr.contracts.events import ClipIndexed, InteractionRecorded, RecommendationUpdated, VideoDeleted
from vtr.contracts.topics import consumer_group
from vtr.kafka.admin import group_lag
from vtr.kafka.producer import EventProducer
from vtr.runtime.settings import ConsumerSettings, HttpSettings, KafkaSettings, MilvusSettings, RedisSettings
from vtr.vectors.milvus import MilvusStore

pytestmark = [pytest.mark.kafka, pytest.mark.redis]

BIKES, RACE, RABBIT = [1.0, 0.0, 0.1, 0.0], [0.9, 0.2, 0.0, 0.0], [0.0, 1.0, 0.0, 0.2]


@pytest.fixture
def tenant() -> str:
    return f"t-{uuid.uuid4().hex[:12]}"


def settings_of(kafka: KafkaSettings, redis_url: str, milvus_uri: str) -> RecommendationSettings:
    return RecommendationSettings(
        kafka=kafka,
        redis=RedisSettings(url=redis_url),
        milvus=MilvusSettings(uri=milvus_uri, timeout_s=5),
        http=HttpSettings(host="127.0.0.1", port=0),
        consumer=ConsumerSettings(workers=2, max_batch=64, commit_interval_ms=100),
        feed_explore=0.0,
    )


def send(producer: EventProducer, *events: Any) -> None:
    for event in events:
        producer.publish(event)
    producer.flush()


def indexed(tenant: str, model: str, video_id: str, direction: Sequence[float]) -> ClipIndexed:
    event = clip_indexed(video_id, direction, model=model, days_ago=0.1, indexed_at=datetime.now(UTC))
    video = msgspec.structs.replace(event.video, tenant=tenant)
    return msgspec.structs.replace(event, video=video, tenant=tenant)


def did(tenant: str, video_id: str, kind: str = "like", **more: Any) -> InteractionRecorded:
    return interaction(video_id, kind, tenant=tenant, occurred_at=datetime.now(UTC), **more)


def feed(client: httpx.Client, tenant: str, user_id: str = "ann") -> list[dict[str, Any]]:
    response = client.get(f"/v1/people/{user_id}/recommendations", params={"tenant": tenant, "k": 5})
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["items"]
    return items


def ids(items: list[dict[str, Any]]) -> list[str]:
    return [item["video_id"] for item in items]


def test_from_clips_and_likes_to_a_feed_with_reasons_and_back_after_a_deletion(
    kafka: KafkaSettings, producer: EventProducer, redis_url: str, milvus_lite_uri: str, tenant: str
) -> None:
    model = f"m{uuid.uuid4().hex[:12]}"
    store = MilvusStore(MilvusSettings(uri=milvus_lite_uri))
    collection = store.ensure_collection(model, "visual", 4)
    store.set_live("visual", model)
    # The vector store knows of a better moment than the video's start.
    rows = [clip_row(7, video_id="race", tenant=tenant, title="The race")]
    store.upsert(collection.name, rows, np.array([RACE], dtype=np.float32))
    store.marks_of_videos(collection.name, tenant, ["race"], barrier=True)
    try:
        with (
            listening(kafka, [RecommendationUpdated]) as heard,
            running(build(settings_of(kafka, redis_url, milvus_lite_uri))) as client,
        ):
            videos = {"bikes": BIKES, "race": RACE, "rabbit": RABBIT}
            send(producer, *(indexed(tenant, model, name, where) for name, where in videos.items()))
            eventually(lambda: len(feed(client, tenant)) == 3, "all are recommendable")
            assert {item["reason"] for item in feed(client, tenant)} == {"new"}

            send(producer, did(tenant, "bikes", "watch", watch_s=90.0))
            (update,) = heard.wait(RecommendationUpdated, 1, lambda event: event.tenant == tenant)
            assert [item.video_id for item in update.items] == ["race", "rabbit"]
            assert update.items[0].reason == "because you watched Title of bikes"
            assert update.items[0].clip_id == rows[0].clip_id
            assert update.items[0].start_s == rows[0].t0_s
            assert update.interactions == 1
            assert update.model == model
            assert ids(feed(client, tenant)) == ["race", "rabbit"]
            assert next(item["reason"] for item in feed(client, tenant, "bob")) == "popular"

            later = datetime.now(UTC) + timedelta(seconds=1)
            store.delete_video(tenant, "race", submitted_until=later)
            send(producer, VideoDeleted(video_id="race", deleted_at=later, tenant=tenant))
            eventually(lambda: ids(feed(client, tenant)) == ["rabbit"], "the deleted video is gone")
    finally:
        store.close()


def test_a_restart_and_a_replay_change_nothing(
    kafka: KafkaSettings, producer: EventProducer, redis_url: str, milvus_lite_uri: str, tenant: str
) -> None:
    settings = settings_of(kafka, redis_url, milvus_lite_uri)
    events = [
        indexed(tenant, "nobody-searches", "bikes", BIKES),
        indexed(tenant, "nobody-searches", "race", RACE),
        did(tenant, "bikes", interaction_id="i-1"),
    ]

    def settled() -> bool:
        return sum(group_lag(kafka, consumer_group("recommendation")).values()) == 0

    with running(build(settings)) as client:
        send(producer, *events)
        eventually(lambda: ids(feed(client, tenant)) == ["race"], "the like is known")
        eventually(settled, "all is committed")
        before = feed(client, tenant)
    with running(build(settings)) as client:
        send(producer, *events)
        eventually(settled, "the replay is done")
        after = feed(client, tenant)
    for one, other in zip(before, after, strict=True):
        assert {**one, "score": 0} == {**other, "score": 0}
        assert one["score"] == pytest.approx(other["score"], abs=1e-6)


def test_without_milvus_feeds_go_on_and_say_so_in_the_metrics(
    kafka: KafkaSettings, producer: EventProducer, redis_url: str, tenant: str
) -> None:
    away = settings_of(kafka, redis_url, f"http://127.0.0.1:{free_ports(1)[0]}")
    with listening(kafka, [RecommendationUpdated]) as heard, running(build(away)) as client:
        send(producer, indexed(tenant, "m-1", "bikes", BIKES), indexed(tenant, "m-1", "race", RACE))
        eventually(lambda: len(feed(client, tenant)) == 2, "both are known")
        send(producer, did(tenant, "bikes"))
        (update,) = heard.wait(RecommendationUpdated, 1, lambda event: event.tenant == tenant)
        assert [item.video_id for item in update.items] == ["race"]
        assert 'vtr_recommendations_total{start="degraded"}' in client.get("/metrics").text
