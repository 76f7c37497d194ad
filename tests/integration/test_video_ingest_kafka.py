"""video_ingest as it runs: real Kafka, real objects, real videos."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.media import scenes, write_video
from support.services import eventually, listening, running
from video_ingest.settings import FetchSettings, IngestSettings
from video_ingest.wiring import SERVICE, build
from vtr.contracts.events import ClipExtracted, VideoDeleted, VideoStatus, VideoSubmitted
from vtr.contracts.topics import consumer_group, dead_letter_topic
from vtr.kafka.admin import group_lag, topic_ends
from vtr.kafka.producer import EventProducer
from vtr.media import layout
from vtr.media.objects import ObjectStore
from vtr.runtime.settings import ConsumerSettings, HttpSettings, KafkaSettings, ObjectStoreSettings

pytestmark = pytest.mark.kafka

NOW = datetime.now(UTC)


@pytest.fixture
def settings(kafka: KafkaSettings, tmp_path: Path) -> IngestSettings:
    return IngestSettings(
        kafka=kafka,
        objects=ObjectStoreSettings(uri=f"file://{tmp_path}/objects"),
        fetch=FetchSettings(spool_dir=tmp_path / "spool"),
        http=HttpSettings(host="127.0.0.1", port=0),
        consumer=ConsumerSettings(workers=2, max_batch=1, commit_interval_ms=100),
    )


def submission(path: Path, video_id: str) -> VideoSubmitted:
    return VideoSubmitted(video_id=video_id, uri=str(path), submitted_at=NOW)


def fresh(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:8]}"


def settled(kafka: KafkaSettings) -> None:
    eventually(
        lambda: sum(group_lag(kafka, consumer_group(SERVICE)).values()) == 0, "all submissions are committed"
    )


def test_videos_become_clips_and_a_broken_one_fails_alone(
    kafka: KafkaSettings, producer: EventProducer, settings: IngestSettings, tmp_path: Path
) -> None:
    good = [fresh("good") for _ in range(3)]
    bad = fresh("bad")
    path = write_video(tmp_path / "v.mp4", seconds=12, painter=scenes([4.0, 8.0]))
    broken = tmp_path / "text.mp4"
    broken.write_text("This is no video.")
    buried = dead_letter_topic(VideoSubmitted.TYPE, consumer_group(SERVICE))
    before = sum(topic_ends(kafka, [buried]).values())
    with listening(kafka, [ClipExtracted, VideoStatus]) as heard, running(build(settings)):
        producer.publish(submission(path, good[0]))
        producer.publish(submission(broken, bad))
        for video_id in good[1:]:
            producer.publish(submission(path, video_id))
        producer.flush()
        clips = heard.wait(ClipExtracted, 9, lambda clip: clip.video.video_id in good)
        heard.wait(VideoStatus, 1, lambda status: status.video_id == bad and status.stage == "failed")
        settled(kafka)
    for video_id in good:
        mine = [clip for clip in clips if clip.video.video_id == video_id]
        assert [(clip.ordinal, clip.clip_count) for clip in mine] == [(0, None), (1, None), (2, 3)]
        stages = [status.stage for status in heard.of(VideoStatus) if status.video_id == video_id]
        assert stages == ["received", "decoded"]
    (_received, failed) = [status for status in heard.of(VideoStatus) if status.video_id == bad]
    assert failed.failure is not None
    assert failed.failure.code == "not-a-media-file"
    assert sum(topic_ends(kafka, [buried]).values()) > before
    store = ObjectStore(settings.objects.uri)
    assert all(store.get(clip.frames.uri) for clip in clips)


def test_a_deletion_removes_the_objects_and_keeps_a_replay_away(
    kafka: KafkaSettings, producer: EventProducer, settings: IngestSettings, tmp_path: Path
) -> None:
    gone, kept = fresh("gone"), fresh("kept")
    path = write_video(tmp_path / "v.mp4", seconds=2)
    store = ObjectStore(settings.objects.uri)
    with listening(kafka, [ClipExtracted]) as heard, running(build(settings)):
        for video_id in (gone, kept):
            producer.publish(submission(path, video_id))
        producer.flush()
        heard.wait(ClipExtracted, 2, lambda clip: clip.video.video_id in (gone, kept))
        producer.publish(VideoDeleted(video_id=gone, deleted_at=NOW + timedelta(seconds=1)))
        producer.flush()
        eventually(lambda: not store.paths(layout.video_prefix("default", gone)), "the objects are gone")
        settled(kafka)
    with listening(kafka, [VideoStatus, ClipExtracted]) as heard, running(build(settings)):
        for video_id in (gone, kept):
            producer.publish(submission(path, video_id))
        producer.flush()
        heard.wait(ClipExtracted, 1, lambda clip: clip.video.video_id == kept)
        settled(kafka)
        assert gone not in {status.video_id for status in heard.of(VideoStatus)}
    assert store.paths(layout.video_prefix("default", gone)) == []
    assert store.paths(layout.video_prefix("default", kept))
