"""text_encoder, indexer and ranking as wired, over real Kafka, Redis and Milvus Lite."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from pymilvus import MilvusClient

from indexer import wiring as indexer
from indexer.settings import IndexerSettings
from ranking import wiring as ranking
from ranking.settings import RankingSettings
from support.clips import clip_encoded
from support.services import eventually, running
from text_encoder import wiring as text_encoder
from text_encoder.settings import TextEncoderSettings
from vtr.contracts.codec import decode_as, encode
from vtr.contracts.events import (
    ClipEncoded,
    ClipIndexed,
    QuerySubmitted,
    ResultsRanked,
    VideoDeleted,
    VideoStatus,
)
from vtr.contracts.step import Message
from vtr.kafka.producer import EventProducer
from vtr.kafka.tail import TopicTail
from vtr.models.encoders.options import EncoderOptions
from vtr.models.encoders.registry import load_text_encoder
from vtr.runtime.settings import (
    HttpSettings,
    KafkaSettings,
    MilvusSettings,
    ObjectStoreSettings,
    RedisSettings,
)
from vtr.vectors.milvus import GRPC_OPTIONS, alias_name

pytestmark = pytest.mark.kafka
PATIENCE_S = 90.0
HTTP = HttpSettings(host="127.0.0.1", port=0)


class Heard:
    """What was published, with a way to wait for it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._events: list[Any] = []

    def __call__(self, message: Message[Any]) -> None:
        with self._changed:
            self._events.append(message.event)
            self._changed.notify_all()

    def wait(self, wanted: Callable[[Any], bool]) -> Any:
        def find() -> Any:
            return next((event for event in self._events if wanted(event)), None)

        with self._changed:
            assert self._changed.wait_for(lambda: find() is not None, PATIENCE_S), self._events
            return find()


def forget_live_models(uri: str) -> None:
    """The server is shared by tests; here the first model that comes is to be the live one."""
    client = MilvusClient(uri=uri, dedicated=True, grpc_options=GRPC_OPTIONS)
    for modality in ("visual", "speech", "audio"):
        alias = alias_name(modality)  # type: ignore[arg-type]
        if client.has_collection(alias):
            client.drop_alias(alias)
    client.close()


def test_from_encoded_clips_to_the_same_answer_by_both_paths(
    kafka: KafkaSettings, redis_url: str, milvus_lite_uri: str, tmp_path: Path
) -> None:
    redis = RedisSettings(url=SecretStr(redis_url))
    milvus = MilvusSettings(uri=milvus_lite_uri)
    forget_live_models(milvus_lite_uri)
    tenant = f"t-{uuid.uuid4().hex[:8]}"
    encoder = load_text_encoder("random", options=EncoderOptions())
    submitted_at = datetime.now(UTC)

    def clip(video_id: str, text: str, ordinal: int = 0, count: int | None = 1) -> ClipEncoded:
        return clip_encoded(
            ordinal,
            model=encoder.model_version,
            vectors={"visual": encoder.encode_texts([text])[0]},
            clip_count=count,
            video_id=video_id,
            tenant=tenant,
            submitted_at=submitted_at,
            title=text,
        )

    heard = Heard()
    with ExitStack() as stack:
        tail = TopicTail(kafka, [ClipIndexed, VideoStatus, ResultsRanked], heard)
        tail.start()
        stack.callback(tail.stop, 10.0)
        assert tail.ready.wait(PATIENCE_S)
        texts = stack.enter_context(
            running(
                text_encoder.build(TextEncoderSettings(kafka=kafka, redis=redis, encoder="random", http=HTTP))
            )
        )
        indexing = stack.enter_context(
            running(
                indexer.build(
                    IndexerSettings(
                        kafka=kafka, redis=redis, milvus=milvus, watermark_interval_s=0.2, http=HTTP
                    )
                )
            )
        )
        asking = stack.enter_context(
            running(
                ranking.build(
                    RankingSettings(
                        kafka=kafka,
                        redis=redis,
                        milvus=milvus,
                        objects=ObjectStoreSettings(uri=tmp_path.as_uri()),
                        text_encoder_url=str(texts.base_url),
                        http=HTTP,
                    )
                )
            )
        )
        producer = EventProducer(kafka, source="test")
        stack.callback(producer.close)
        for service in (texts, indexing, asking):
            eventually(
                lambda one=service: one.get("/readyz").status_code == 200,  # type: ignore[misc]
                f"{service.base_url} is ready",
                wait_s=PATIENCE_S,
            )

        for event in (
            clip("bikes", "a person riding a bicycle", 0, None),
            clip("bikes", "two wheels", 1, 2),
            clip("bunny", "a rabbit"),
        ):
            producer.publish(event)
        producer.flush()
        for video_id, clips in (("bikes", 2), ("bunny", 1)):
            status = heard.wait(
                lambda e, v=video_id: (
                    isinstance(e, VideoStatus)  # type: ignore[misc]
                    and (e.tenant, e.video_id, e.stage) == (tenant, v, "searchable")
                )
            )
            assert status.clips_searchable == clips
            assert status.upload_to_searchable_s >= 0
        assert heard.wait(lambda e: isinstance(e, ClipIndexed) and e.tenant == tenant and e.video_complete)

        # By HTTP: the answer comes back, and is published afterwards.
        asked = QuerySubmitted(
            query_id=f"q-{uuid.uuid4().hex}", submitted_at=submitted_at, tenant=tenant, text="a rabbit"
        )
        response = asking.post("/v1/search", content=encode(asked))
        assert response.status_code == 200, response.text
        by_http = decode_as(ResultsRanked, response.content)
        assert by_http.hits[0].video_id == "bunny"
        assert {hit.video_id for hit in by_http.hits} == {"bunny", "bikes"}
        assert heard.wait(lambda e: isinstance(e, ResultsRanked) and e.query_id == asked.query_id) == by_http

        # By the topics: the same answer.
        again = QuerySubmitted(
            query_id=f"q-{uuid.uuid4().hex}", submitted_at=submitted_at, tenant=tenant, text="a rabbit"
        )
        producer.publish(again)
        producer.flush()
        by_topic = heard.wait(lambda e: isinstance(e, ResultsRanked) and e.query_id == again.query_id)
        assert by_topic.hits == by_http.hits
        # The first answer of a ranking that just started says that heads are still being looked up.
        first, second = ([s for s in a.skipped if s.stage != "heads"] for a in (by_http, by_topic))
        assert second == first

        clips = asking.get("/v1/videos/bikes/clips", params={"tenant": tenant}).json()["clips"]
        assert [c["ordinal"] for c in clips] == [0, 1]
        assert any(
            c["live"] and c["model"] == encoder.model_version
            for c in asking.get("/v1/collections").json()["collections"]
        )

        # Deleted: gone from the answers, and it does not come back.
        producer.publish(VideoDeleted(video_id="bunny", tenant=tenant, deleted_at=datetime.now(UTC)))
        producer.flush()
        heard.wait(
            lambda e: (
                isinstance(e, VideoStatus) and (e.tenant, e.video_id, e.stage) == (tenant, "bunny", "deleted")
            )
        )
        producer.publish(clip("bunny", "a rabbit"))
        producer.publish(clip("last", "something else"))
        producer.flush()
        heard.wait(lambda e: isinstance(e, ClipIndexed) and (e.tenant, e.video.video_id) == (tenant, "last"))

        def watermark() -> datetime | None:
            found = decode_as(ResultsRanked, asking.post("/v1/search", content=encode(asked)).content)
            assert "bunny" not in {hit.video_id for hit in found.hits}
            return found.watermark

        # Nothing is submitted and nothing is pending: the watermark follows the clock.
        floor = datetime.now(UTC) - timedelta(seconds=5)
        eventually(
            lambda: (mark := watermark()) is not None and mark >= floor,
            "the watermark follows the clock",
            wait_s=PATIENCE_S,
        )
    forget_live_models(milvus_lite_uri)
