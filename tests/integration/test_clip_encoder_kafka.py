"""clip_encoder as it runs: real Kafka, real objects, the seeded encoder."""

from __future__ import annotations

import io
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from clip_encoder.settings import ClipEncoderSettings
from clip_encoder.wiring import build
from support.services import eventually, listening, running
from vtr.contracts.events import ClipEncoded, ClipExtracted, VideoDeleted, VideoStatus
from vtr.contracts.events.clips import FramePackRef
from vtr.contracts.events.videos import VideoMetadata
from vtr.contracts.topics import consumer_group, dead_letter_topic
from vtr.kafka.admin import group_lag, topic_ends
from vtr.kafka.producer import EventProducer
from vtr.media import layout
from vtr.media.framepack import Frame, encode_jpeg, write_pack
from vtr.media.objects import ObjectStore
from vtr.models.encoders.options import EncoderOptions
from vtr.models.encoders.registry import load_encoder
from vtr.runtime.settings import ConsumerSettings, HttpSettings, KafkaSettings, ObjectStoreSettings
from vtr.vectors.arrays import to_array

pytestmark = pytest.mark.kafka

NOW = datetime.now(UTC)
RED, BLUE = (220, 20, 20), (20, 20, 220)


@pytest.fixture
def settings(kafka: KafkaSettings, tmp_path: Path) -> ClipEncoderSettings:
    return ClipEncoderSettings(
        kafka=kafka,
        objects=ObjectStoreSettings(uri=f"file://{tmp_path}/objects"),
        encoder="random",
        http=HttpSettings(host="127.0.0.1", port=0),
        consumer=ConsumerSettings(workers=2, max_batch=8, linger_ms=30, commit_interval_ms=100),
    )


def make_clip(
    store: ObjectStore, video_id: str, ordinal: int, colour: tuple[int, int, int], *, last: bool = False
) -> ClipExtracted:
    clip_id = f"{video_id}-{ordinal}"
    image = np.full((32, 32, 3), colour, dtype=np.uint8)
    pack = write_pack([Frame(time_s=float(i), jpeg=encode_jpeg(image)) for i in range(3)])
    uri = store.put(layout.frame_pack("default", video_id, "h1", clip_id), pack)
    return ClipExtracted(
        clip_id=clip_id,
        video=VideoMetadata(
            video_id=video_id, uri="file:///v.mp4", content_hash="h1", submitted_at=NOW, duration_s=9.0
        ),
        ordinal=ordinal,
        t0_s=float(ordinal),
        t1_s=ordinal + 1.0,
        frames=FramePackRef(uri=uri, times_s=(0.0, 1.0, 2.0), width=32, height=32),
        clip_count=ordinal + 1 if last else None,
        transcript="a red square" if ordinal == 0 else "",
    )


def lag(kafka: KafkaSettings) -> int:
    return sum(group_lag(kafka, consumer_group("clip_encoder")).values())


def test_clips_of_several_videos_are_encoded_and_a_broken_one_fails_alone(
    kafka: KafkaSettings, producer: EventProducer, settings: ClipEncoderSettings
) -> None:
    store = ObjectStore(settings.objects.uri)
    good, bad = f"good-{uuid.uuid4().hex[:8]}", f"bad-{uuid.uuid4().hex[:8]}"
    buried = dead_letter_topic(ClipExtracted.TYPE, consumer_group("clip_encoder"))
    before = sum(topic_ends(kafka, [buried]).values())
    with listening(kafka, [ClipEncoded, VideoStatus]) as heard, running(build(settings)):
        clips = [make_clip(store, good, 0, RED), make_clip(store, bad, 0, BLUE, last=True)]
        clips += [make_clip(store, good, i, BLUE, last=i == 19) for i in range(1, 20)]
        store.delete_prefix(f"default/{bad}")
        for clip in clips:
            producer.publish(clip)
        producer.flush()
        encoded = heard.wait(ClipEncoded, 20, lambda event: event.video.video_id in (good, bad))
        statuses = heard.wait(VideoStatus, 2, lambda status: status.video_id in (good, bad))
        eventually(lambda: lag(kafka) == 0, "all is committed")
    assert [event.ordinal for event in encoded] == list(range(20)), "in the order of the video, each once"
    assert {event.video.video_id for event in encoded} == {good}
    by_video = {status.video_id: status for status in statuses}
    assert by_video[good].stage == "encoded"
    assert by_video[bad].stage == "failed"
    assert by_video[bad].failure is not None
    assert by_video[bad].failure.code == "frame-pack-missing"
    assert sum(topic_ends(kafka, [buried]).values()) > before

    first = encoded[0]
    assert [vector.modality for vector in first.vectors] == ["visual", "speech"]
    encoder = load_encoder("random", options=EncoderOptions())
    red, blue = encoder.encode_texts(["a red square", "a blue square"])
    visual = to_array(first.vectors[0].vector)
    assert visual @ red > visual @ blue
    assert first.frame_vectors is not None
    rows = np.load(io.BytesIO(store.get(first.frame_vectors.uri)), allow_pickle=False)
    assert rows.shape == (3, encoder.dim)
    assert np.allclose(rows.mean(axis=0) / np.linalg.norm(rows.mean(axis=0)), visual, atol=2e-3)


def test_a_tombstone_from_before_the_start_keeps_its_clips_away(
    kafka: KafkaSettings, producer: EventProducer, settings: ClipEncoderSettings
) -> None:
    store = ObjectStore(settings.objects.uri)
    gone, kept = f"gone-{uuid.uuid4().hex[:8]}", f"kept-{uuid.uuid4().hex[:8]}"
    producer.publish(VideoDeleted(video_id=gone, deleted_at=NOW + timedelta(seconds=1)))
    for clip in (make_clip(store, gone, 0, RED, last=True), make_clip(store, kept, 0, RED, last=True)):
        producer.publish(clip)
    producer.flush()
    with listening(kafka, [ClipEncoded, VideoStatus]) as heard, running(build(settings)):
        heard.wait(VideoStatus, 1, lambda status: status.video_id == kept)
        eventually(lambda: lag(kafka) == 0, "all is committed")
        assert kept in {event.video.video_id for event in heard.of(ClipEncoded)}
        assert gone not in {event.video.video_id for event in heard.of(ClipEncoded)}
        assert gone not in {status.video_id for status in heard.of(VideoStatus)}
    assert [path for path in store.paths(f"default/{gone}") if path.endswith(".npy")] == []
