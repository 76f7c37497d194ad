"""The command line on a real broker; the test plays the services, by their topics."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from support.services import eventually
from vtr.cli.app import make_app
from vtr.cli.events import tailing
from vtr.cli.exit_codes import ExitCode
from vtr.contracts.events import (
    Event,
    InteractionRecorded,
    QuerySubmitted,
    ResultsRanked,
    VideoDeleted,
    VideoStatus,
    VideoSubmitted,
)
from vtr.contracts.events.videos import Failure, Stage
from vtr.contracts.step import Rejected
from vtr.contracts.topics import consumer_group, dead_letter_topic
from vtr.kafka.admin import apply_topics
from vtr.kafka.burial import DeadLetterWriter
from vtr.kafka.delivery import Delivery, Partition
from vtr.kafka.producer import EventProducer
from vtr.runtime.settings import KafkaSettings

pytestmark = pytest.mark.kafka


@pytest.fixture
def kafka(kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> KafkaSettings:
    monkeypatch.setenv("VTR_KAFKA__BOOTSTRAP_SERVERS", kafka_bootstrap)
    monkeypatch.setenv("VTR_DATA_DIR", str(tmp_path / "data"))
    settings = KafkaSettings(bootstrap_servers=kafka_bootstrap)
    apply_topics(settings)
    return settings


def vtr(*arguments: str) -> tuple[int, Any, str]:
    """Exit code, the JSON document, stderr."""
    result = CliRunner().invoke(make_app(), [*arguments, "--json"])
    return result.exit_code, json.loads(result.stdout), result.stderr


@contextmanager
def answering(
    kafka: KafkaSettings, event: type[Event], reply: Callable[[Any], list[Event]]
) -> Iterator[list[Event]]:
    """Publish what ``reply`` makes of each ``event``; gives the events heard so far."""
    heard: list[Event] = []
    producer = EventProducer(kafka, "test")

    def on_event(one: Any) -> None:
        heard.append(one)
        for answer in reply(one):
            producer.publish(answer)
        producer.flush()

    try:
        with tailing(kafka, [event], on_event):
            yield heard
    finally:
        producer.close()


def status_of(video: VideoSubmitted, stage: Stage, **more: Any) -> VideoStatus:
    return VideoStatus(
        video_id=video.video_id,
        stage=stage,
        submitted_at=video.submitted_at,
        updated_at=datetime.now(UTC),
        **more,
    )


def progress(video: VideoSubmitted) -> list[Event]:
    """What the services say about a video: those with "bad" in their title fail."""
    if "bad" in video.title:
        failure = Failure(code="no-video", message="holds no video", service="video_ingest")
        return [status_of(video, "received"), status_of(video, "failed", failure=failure)]
    stages: list[Stage] = ["received", "decoded", "encoded"]
    done = status_of(video, "searchable", clips_searchable=2, upload_to_searchable_s=1.5)
    return [*(status_of(video, stage) for stage in stages), done]


def test_publish_follows_each_video_to_its_end(kafka: KafkaSettings, tmp_path: Path) -> None:
    (tmp_path / "list.jsonl").write_text('{"uri": "good.mp4"}\n{"uri": "bad.mp4"}\nnot json\n')
    with answering(kafka, VideoSubmitted, progress):
        code, report, err = vtr("publish", str(tmp_path / "list.jsonl"), "--timeout", "60", "--tag", "t")
    assert code == ExitCode.PARTIAL
    assert report["complete"] is True
    good, bad = report["videos"]
    assert (good["outcome"], good["clips"], good["upload_to_searchable_s"]) == ("searchable", 2, 1.5)
    assert (bad["outcome"], bad["reason"]) == ("failed", "holds no video (no-video, video_ingest)")
    assert report["upload_to_searchable_s"] == {"p50": 1.5, "p95": 1.5, "max": 1.5}
    assert report["refused"][0]["where"] == f"{tmp_path}/list.jsonl:3"
    assert "good: searchable 1.5 s after upload" in err


def test_publish_without_a_service_times_out_but_has_published(kafka: KafkaSettings) -> None:
    with answering(kafka, VideoSubmitted, lambda _video: []) as heard:
        code, report, err = vtr("publish", "https://x.org/lonely.mp4", "--timeout", "3")
    assert code == ExitCode.TIMED_OUT
    assert report["videos"][0]["outcome"] == "waiting"
    assert "is video_ingest running?" in err
    assert [video.key for video in heard] == [f"default/{report['videos'][0]['video_id']}"]


def test_publish_without_waiting_publishes(kafka: KafkaSettings, tmp_path: Path) -> None:
    rows = [{"uri": f"https://x.org/{number}.mp4"} for number in range(450)]
    (tmp_path / "many.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with answering(kafka, VideoSubmitted, lambda _video: []) as heard:
        code, report, _ = vtr("publish", str(tmp_path / "many.jsonl"), "--no-wait")
        assert code == ExitCode.OK
        assert report["published"] == 450
        eventually(lambda: len(heard) == 450, "450 videos are heard")
    assert {video.key for video in heard} == {f"default/{video['video_id']}" for video in report["videos"]}


def test_strict_publishes_nothing_after_the_first_refusal(kafka: KafkaSettings, tmp_path: Path) -> None:
    (tmp_path / "list.jsonl").write_text('{"uri": "a.mp4"}\nnot json\n{"uri": "b.mp4"}\n')
    code, report, _ = vtr("publish", str(tmp_path / "list.jsonl"), "--strict", "--no-wait")
    assert code == ExitCode.PARTIAL
    assert report["published"] == 1


def test_nothing_to_publish_is_a_failure(kafka: KafkaSettings) -> None:
    code, report, _ = vtr("publish", "/no/such.mp4")
    assert code == ExitCode.FAILED
    assert report["refused"] == [{"where": "/no/such.mp4", "reason": "no such file or folder"}]


def deleted(tombstone: VideoDeleted) -> list[Event]:
    if tombstone.video_id == "ignored":
        return []
    return [
        VideoStatus(
            video_id=tombstone.video_id,
            stage="deleted",
            submitted_at=tombstone.deleted_at,
            updated_at=datetime.now(UTC),
        )
    ]


def test_delete_waits_until_it_is_confirmed(kafka: KafkaSettings) -> None:
    with answering(kafka, VideoDeleted, deleted) as heard:
        code, report, _ = vtr("delete", "one", "two", "--wait", "--reason", "old", "--timeout", "30")
    assert code == ExitCode.OK
    assert report["unconfirmed"] == []
    assert {(one.key, getattr(one, "reason", "")) for one in heard} == {
        ("default/one", "old"),
        ("default/two", "old"),
    }


def test_a_delete_that_nobody_confirms_times_out(kafka: KafkaSettings) -> None:
    with answering(kafka, VideoDeleted, deleted):
        code, report, err = vtr("delete", "one", "ignored", "--wait", "--timeout", "3")
    assert code == ExitCode.TIMED_OUT
    assert report["unconfirmed"] == ["ignored"]
    assert "will be obeyed" in err


def test_search_through_the_topics_gets_the_answer_to_its_own_query(kafka: KafkaSettings) -> None:
    def rank(query: QuerySubmitted) -> list[Event]:
        def results(query_id: str) -> ResultsRanked:
            return ResultsRanked(
                query_id=query_id, answered_at=datetime.now(UTC), model="m", hits=(), text=query.text
            )

        return [results("another"), results(query.query_id)]

    with answering(kafka, QuerySubmitted, rank) as heard:
        code, results, _ = vtr("search", "a cat", "--path", "topics", "--tag", "x", "-k", "3")
    (query,) = heard
    assert isinstance(query, QuerySubmitted)
    assert (query.k, query.filters.tags) == (3, ("x",))
    assert code == ExitCode.OK
    assert (results["query_id"], results["text"], results["watermark"]) == (query.query_id, "a cat", None)


def test_a_search_that_nobody_answers_times_out(kafka: KafkaSettings) -> None:
    code, document, _ = vtr("search", "a cat", "--path", "topics", "--timeout", "2")
    assert code == ExitCode.TIMED_OUT
    assert document["error"]["kind"] == "timed-out"


def test_an_interaction_arrives_under_its_person(kafka: KafkaSettings) -> None:
    with answering(kafka, InteractionRecorded, lambda _one: []) as heard:
        code, event, _ = vtr("interact", "ann", "vid", "watch", "--seconds", "12.5")
        eventually(lambda: bool(heard), "something is heard")
    assert code == ExitCode.OK
    assert (heard[0].key, event["watch_s"]) == ("default/ann", 12.5)


def test_topics_are_as_declared_after_apply(kafka: KafkaSettings) -> None:
    assert vtr("topics", "apply") == (ExitCode.OK, {"changes": []}, "")
    # Other tests share the broker and may leave topics of their own there.
    assert [line for line in vtr("topics", "drift")[1]["drift"] if "not declared" not in line] == []
    code, document, _ = vtr("topics", "drift", "--replication-factor", "2")
    assert code == ExitCode.FAILED
    assert "vtr.video.submitted.v1: has [1] replicas, wanted 2" in document["drift"]


def test_a_dead_letter_is_listed_shown_and_replayed(kafka: KafkaSettings) -> None:
    topic = dead_letter_topic(VideoSubmitted.TYPE, consumer_group("video_ingest"))
    producer = EventProducer(kafka, "test")
    writer = DeadLetterWriter(producer, group=consumer_group("video_ingest"), service="video_ingest")
    partition = Partition(VideoSubmitted.TYPE, 0)
    delivery = Delivery(partition, 0, offset=3, key=b"v", value=b"[bold]{", headers=[], size=8)
    writer.write(delivery, Rejected("undecodable", "value: [red]is no JSON"), "the stack")
    producer.flush()
    producer.close()

    code, document, _ = vtr("dlq", "list")
    assert code == ExitCode.OK
    (summary,) = [one for one in document["topics"] if one["topic"] == topic]
    assert summary["count"] >= 1  # other tests share the broker
    assert summary["codes"]["undecodable"] >= 1

    code, document, _ = vtr("dlq", "show", topic)
    letter = document["letters"][-1]
    assert (letter["reason"], letter["value"]) == ("value: [red]is no JSON", "[bold]{")
    shown = CliRunner().invoke(make_app(), ["dlq", "show", topic, "--id", letter["id"]]).stdout
    assert "[red]is no JSON" in shown
    assert "the stack" in shown

    assert vtr("dlq", "replay", topic, "--id", letter["id"])[1] == {"topic": topic, "replayed": 1}
    assert vtr("dlq", "replay", topic, "--id", letter["id"])[1] == {"topic": topic, "replayed": 0}

    assert vtr("dlq", "show", topic, "--id", "0:999")[0] == ExitCode.NOT_FOUND
    assert vtr("dlq", "show", "vtr.nothing.dlq")[0] == ExitCode.NOT_FOUND
    assert vtr("dlq", "show", "vtr.video.submitted.v1")[0] == ExitCode.USAGE
