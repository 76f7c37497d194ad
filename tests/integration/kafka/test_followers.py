"""Readers without a group: tombstones and tails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from support.consuming import TOPIC, Bench, submitted, wait_until
from support.engines import kafka_cluster
from vtr.contracts.events import Event, VideoDeleted, VideoSubmitted
from vtr.contracts.step import Message, Unavailable
from vtr.kafka.admin import apply_topics
from vtr.kafka.producer import EventProducer
from vtr.kafka.tail import TopicTail
from vtr.kafka.tombstones import TombstoneTable
from vtr.runtime.settings import KafkaSettings

pytestmark = pytest.mark.kafka

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_tombstones_are_known_live_and_after_a_restart(at: Bench) -> None:
    video, other = f"{at.group}-v", f"{at.group}-w"
    at.publish([VideoDeleted(video_id=video, deleted_at=NOON, tenant="acme")])
    table = TombstoneTable(at.kafka)
    with pytest.raises(Unavailable, match="not read to its end yet"):
        table.covers("acme", video, NOON)
    table.start()
    assert table.wait_ready(60.0)
    assert table.deleted_at("acme", video) == NOON
    assert table.deleted_at("umbrella", video) is None
    assert table.covers("acme", video, NOON - HOUR)
    assert table.covers("acme", video, NOON)
    assert not table.covers("acme", video, NOON + HOUR)

    at.publish([VideoDeleted(video_id=other, deleted_at=NOON)])
    wait_until(lambda: table.deleted_at("default", other) == NOON, "a new tombstone came")
    # An older one that arrives late does not bring the video back.
    at.publish(
        [
            VideoDeleted(video_id=video, deleted_at=NOON - HOUR, tenant="acme"),
            VideoDeleted(video_id=other, deleted_at=NOON + HOUR),
        ]
    )
    wait_until(lambda: table.deleted_at("default", other) == NOON + HOUR, "the later one counts")
    table.stop(10.0)

    again = TombstoneTable(at.kafka)
    again.start()
    assert again.wait_ready(60.0)
    assert again.deleted_at("default", other) == NOON + HOUR
    again.stop(10.0)
    assert again.failure() is None


def test_tombstones_survive_a_broker_restart_and_go_on_after_it() -> None:
    with kafka_cluster() as cluster:
        kafka = KafkaSettings(bootstrap_servers=cluster.bootstrap_servers)
        table = TombstoneTable(kafka)
        table.start()  # before the topic exists
        assert not table.ready()
        apply_topics(kafka)
        assert table.wait_ready(90.0)
        producer = EventProducer(kafka, "test")
        producer.publish(VideoDeleted(video_id="v", deleted_at=NOON))
        producer.flush()
        wait_until(lambda: table.deleted_at("default", "v") == NOON, "known")
        cluster.stop()
        cluster.start(deadline_s=120.0)
        producer.publish(VideoDeleted(video_id="w", deleted_at=NOON))
        producer.flush(60.0)
        wait_until(lambda: table.deleted_at("default", "w") == NOON, "known after the restart")
        assert table.deleted_at("default", "v") == NOON
        assert table.failure() is None
        table.stop(10.0)
        producer.close()


def test_a_tail_hears_what_comes_after_it_and_survives_bad_records_and_callbacks(at: Bench) -> None:
    heard: list[str] = []

    def callback(message: Message[Event]) -> None:
        if not isinstance(message.event, VideoSubmitted) or message.event.title != at.group:
            return
        heard.append(message.event.video_id)
        if message.event.video_id == "second":
            raise RuntimeError("a browser went away")

    at.publish([submitted("before", title=at.group)])
    tail = TopicTail(at.kafka, [VideoSubmitted], callback)
    tail.start()
    wait_until(tail.ready.is_set, "ready")
    for video_id in ("first", "second"):
        at.publish([submitted(video_id, title=at.group)])
    at.producer.send(TOPIC, b"k", b"not json", [])
    at.publish([submitted("third", title=at.group)])
    wait_until(lambda: len(heard) == 3, "all heard")
    assert set(heard) == {"first", "second", "third"}
    assert tail.failure() is None
    tail.stop(10.0)


def test_a_tail_from_the_start_is_ready_once_it_read_what_there_was(at: Bench) -> None:
    at.publish(submitted(f"v{n}", title=at.group) for n in range(20))
    heard: list[str] = []

    def callback(message: Message[Event]) -> None:
        if isinstance(message.event, VideoSubmitted) and message.event.title == at.group:
            heard.append(message.event.video_id)

    tail = TopicTail(at.kafka, [VideoSubmitted], callback, start="earliest")
    tail.start()
    wait_until(tail.ready.is_set, "ready")
    assert sorted(heard) == sorted(f"v{n}" for n in range(20))
    tail.stop(10.0)
