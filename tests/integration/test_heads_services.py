"""A published model with heads at work: states by clip_encoder's step, Milvus Lite, ranking as wired."""

from __future__ import annotations

import io
import shutil
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from pydantic import SecretStr

from clip_encoder.encode import BudgetedEncoder
from clip_encoder.handler import EncodeClips
from indexer.rows import row_of, vectors_of
from ranking import wiring as ranking
from ranking.settings import HeadsSettings, RankingSettings
from support.clips import message
from support.corpus import a_scene, a_thing
from support.services import eventually, listening, running
from support.tiny_heads import save_heads
from text_encoder import wiring as text_encoder
from text_encoder.settings import TextEncoderSettings
from vtr.contracts import ids
from vtr.contracts.codec import decode_as, encode
from vtr.contracts.events import ClipEncoded, ClipExtracted, QuerySubmitted, ResultsRanked
from vtr.contracts.events.clips import FramePackRef
from vtr.contracts.events.videos import VideoMetadata
from vtr.evaluation.corpus.render import render
from vtr.evaluation.corpus.scene import Scene
from vtr.kafka.producer import EventProducer
from vtr.media import layout
from vtr.media.framepack import Frame, write_pack
from vtr.media.objects import ObjectStore
from vtr.models.bundle.folder import check_bundle
from vtr.models.bundle.store import publish
from vtr.models.dual.checkpoint import load_dual
from vtr.models.encoders.options import EncoderOptions
from vtr.models.encoders.registry import load_encoder
from vtr.models.heads.serving.protocol import Serving
from vtr.runtime.settings import (
    HttpSettings,
    KafkaSettings,
    MilvusSettings,
    ObjectStoreSettings,
    RedisSettings,
)
from vtr.vectors.milvus import MilvusStore

pytestmark = pytest.mark.kafka
SHIPPED = Path(__file__).parents[2] / "shared/vtr/models/checkpoints/dual-generated"
HTTP = HttpSettings(host="127.0.0.1", port=0)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SIDE, FPS, EVERY = 96, 10, 2
TEXT = "a red circle moves quickly to the right on a tiled floor by day"
SCENES: dict[str, Scene] = {
    "red": a_scene(),
    "blue": a_scene(things=(a_thing(colour="blue"),)),
    "star": a_scene(things=(a_thing(shape="star"),), background="meadow"),
    "night": a_scene(time_of_day="night"),
}


class NothingDeleted:
    def ready(self) -> bool:
        return True

    def wait_ready(self, timeout_s: float) -> bool:
        return True

    def covers(self, tenant: str, video_id: str, submitted_at: datetime) -> bool:
        return False


@dataclass
class World:
    """An index of the scenes by the published model, and the services that answer from it."""

    folder: Path
    objects: ObjectStore
    tenant: str
    model: str
    asking: httpx.Client
    kafka: KafkaSettings

    def ask(self, text: str = TEXT, **fields: Any) -> ResultsRanked:
        response = self.asking.post("/v1/search", content=encode(self.query(text, **fields)))
        assert response.status_code == 200, response.text
        return decode_as(ResultsRanked, response.content)

    def query(self, text: str = TEXT, **fields: Any) -> QuerySubmitted:
        given: dict[str, Any] = {"budget_ms": 60_000, "modalities": ("visual",), **fields}
        return QuerySubmitted(
            query_id=f"q-{uuid.uuid4().hex}", submitted_at=NOW, tenant=self.tenant, text=text, **given
        )

    def publish(self, serving: dict[str, Serving]) -> None:
        """Tiny untrained heads of these settings beside the shipped towers, as the current revision."""
        dual, vocabulary, card = load_dual(self.folder)
        save_heads(self.folder, dual, vocabulary, card.sha256, serving)
        publish(self.objects, self.folder, check_bundle(self.folder))


def extracted(objects: ObjectStore, tenant: str, video_id: str) -> ClipExtracted:
    """One clip of the whole scene, its frames in a pack in the object store."""
    pixels = render(SCENES[video_id], SIDE)[::EVERY]
    times = tuple(round(k * EVERY / FPS, 3) for k in range(len(pixels)))
    frames = []
    for time_s, picture in zip(times, pixels, strict=True):
        jpeg = io.BytesIO()
        Image.fromarray(picture).save(jpeg, "JPEG", quality=90)
        frames.append(Frame(time_s=time_s, jpeg=jpeg.getvalue()))
    end_s = len(pixels) * EVERY / FPS
    clip_id = ids.clip_id(tenant, video_id, 0.0, end_s)
    uri = objects.put(layout.frame_pack(tenant, video_id, "hash-1", clip_id), write_pack(frames))
    return ClipExtracted(
        clip_id=clip_id,
        video=VideoMetadata(
            video_id=video_id,
            uri=f"file:///videos/{video_id}.mp4",
            content_hash="hash-1",
            submitted_at=NOW,
            duration_s=end_s,
            title=video_id,
            tenant=tenant,
        ),
        ordinal=0,
        t0_s=0.0,
        t1_s=end_s,
        frames=FramePackRef(uri=uri, times_s=times, width=SIDE, height=SIDE),
        clip_count=1,
    )


def index_scenes(objects: ObjectStore, store: MilvusStore, tenant: str, encoder: Any) -> None:
    """Through the steps of clip_encoder and the rows of the indexer."""
    with ThreadPoolExecutor(2) as pool:
        step = EncodeClips(BudgetedEncoder(encoder, frame_budget=64), objects, NothingDeleted(), pool)
        batch = [message(extracted(objects, tenant, video_id)) for video_id in SCENES]
        clips = [emit.event for emit in step.handle(batch) if isinstance(emit.event, ClipEncoded)]
    info = store.ensure_collection(encoder.model_version, "visual", encoder.dim)
    vectors = np.stack([vectors_of(clip)["visual"] for clip in clips])
    store.upsert(info.name, [row_of(clip) for clip in clips], vectors)
    store.set_live("visual", encoder.model_version)
    store.marks_of_videos(info.name, tenant, list(SCENES), barrier=True)


@pytest.fixture
def world(kafka: KafkaSettings, redis_url: str, milvus_lite_uri: str, tmp_path: Path) -> Iterator[World]:
    redis, milvus = RedisSettings(url=SecretStr(redis_url)), MilvusSettings(uri=milvus_lite_uri)
    objects = ObjectStore((tmp_path / "objects").as_uri())
    at = ObjectStoreSettings(uri=objects.root_uri)
    folder = tmp_path / "bundle"
    folder.mkdir()
    for name in ("model.safetensors", "card.json"):
        shutil.copy(SHIPPED / name, folder)
    model = publish(objects, folder, check_bundle(folder)).manifest.model_version
    options = EncoderOptions(objects_uri=at.uri, cache_dir=tmp_path / "cache", threads=1)
    tenant = f"t-{uuid.uuid4().hex[:8]}"
    with ExitStack() as stack:
        store = MilvusStore(milvus)
        stack.callback(store.close)
        encoder = load_encoder(f"published:{model}", options=options)
        index_scenes(objects, store, tenant, encoder)
        texts = stack.enter_context(
            running(
                text_encoder.build(
                    TextEncoderSettings(
                        kafka=kafka,
                        redis=redis,
                        objects=at,
                        encoder=f"published:{model}",
                        encoder_options=options,
                        http=HTTP,
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
                        objects=at,
                        text_encoder_url=str(texts.base_url),
                        heads=HeadsSettings(refresh_s=0.1, cache_dir=tmp_path / "cache"),
                        http=HTTP,
                    )
                )
            )
        )
        yield World(folder, objects, tenant, model, asking, kafka)


def test_published_heads_are_picked_up_re_order_explain_and_compose(world: World) -> None:
    plain = world.ask()
    assert plain.model == world.model
    assert plain.hits[0].video_id == "red"
    assert plain.heads == ()
    assert not plain.degraded
    told = {item.stage: item.reason for item in world.ask(heads=("camoe",)).skipped}
    assert told["heads"] == f"camoe: {world.model} has no such head"

    # A revision with heads: no restart, nothing indexed anew.
    world.publish({"camoe": Serving(default_on=True, weight=100.0)})
    by_http = eventually(lambda: (found := world.ask()).heads and found, "the new heads are picked up")
    assert [used.head for used in by_http.heads] == ["camoe"]
    assert by_http.heads[0].candidates == len(SCENES)
    parts = [hit.heads[0] for hit in by_http.hits]
    assert all(
        part.weight == 100.0 and sum(part.gates.values()) == pytest.approx(1, abs=1e-3) for part in parts
    )
    assert [part.score for part in parts] == sorted((part.score for part in parts), reverse=True)

    # The same through the topics.
    again = world.query()
    with listening(world.kafka, [ResultsRanked]) as heard:
        producer = EventProducer(world.kafka, source="test")
        producer.publish(again)
        producer.flush()
        by_topic = heard.wait(ResultsRanked, 1, lambda e: e.query_id == again.query_id)[0]
        producer.close()
    assert by_topic.hits == by_http.hits

    # Explained: moments, heat over the best frame, the manner that the words name.
    explained = world.ask(heads=("vlgnet", "regada"))
    assert [hit.video_id for hit in explained.hits] == [hit.video_id for hit in plain.hits]
    for hit in explained.hits:
        assert hit.moment == hit.moments[0]
        assert hit.t0_s <= hit.moment.start_s < hit.moment.end_s <= hit.t1_s + 1e-3
        assert hit.heat is not None
        assert (hit.heat.rows, hit.heat.columns) == (12, 12)
        assert hit.best_frame is not None
        assert hit.heat.index == hit.best_frame.index
        assert hit.manner is not None
        assert hit.manner.adverb == "quickly"
    assert not explained.degraded

    # Composed: an example and words, by the head and by the untrained way between.
    example = {"example": {"video_id": "red"}}
    asked = world.asking.post(
        "/v1/search",
        json={"text": "at night", "tenant": world.tenant, "heads": ["covr"], "budget_ms": 60_000, **example},
    )
    composed = decode_as(ResultsRanked, asked.content)
    assert [used.head for used in composed.heads] == ["covr"]
    assert 0 < composed.heads[0].details["kept"] < 1
    assert {hit.video_id for hit in composed.hits} == SCENES.keys() - {"red"}
    between = world.asking.post(
        "/v1/search", json={"text": "at night", "tenant": world.tenant, "heads": [], **example}
    )
    cosines = {hit.video_id: hit.shares[0].cosine for hit in decode_as(ResultsRanked, between.content).hits}
    assert any(
        hit.shares[0].cosine != pytest.approx(cosines[hit.video_id], abs=1e-4) for hit in composed.hits
    )

    # Without time, an answer all the same, which says what is missing.
    hurried = world.ask(budget_ms=1)
    assert hurried.degraded
    assert "out of time" in next(item.reason for item in hurried.skipped if item.stage == "head:camoe")
    assert [hit.video_id for hit in hurried.hits] == [hit.video_id for hit in plain.hits]
