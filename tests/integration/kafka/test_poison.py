"""Records that cannot be handled: to the dead letters with their story, the rest goes on."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from support.consuming import TOPIC, Bench, RecordingStep, submitted, wait_until
from vtr.contracts.codec import encode
from vtr.contracts.events import VideoSubmitted
from vtr.contracts.step import Message, Rejected
from vtr.contracts.topics import dead_letter_topic
from vtr.kafka.breaker import PoisonRatioExceeded
from vtr.kafka.deadletters import list_dead_letters, read_dead_letters, replay

pytestmark = pytest.mark.kafka

Batch = Sequence[Message[VideoSubmitted]]


def refuse_bad(batch: Batch) -> None:
    for message in batch:
        if message.event.video_id.startswith("bad"):
            raise Rejected("no-video-stream", f"{message.event.video_id}: audio only")
        if message.event.video_id.startswith("bug"):
            raise ZeroDivisionError("division by zero in shot 3")


def dlq(at: Bench) -> str:
    return dead_letter_topic(TOPIC, at.group)


def test_a_batch_with_bad_records_is_taken_apart_and_only_those_are_buried(at: Bench) -> None:
    ids = [f"v{n}" for n in range(10)]
    ids[3], ids[7] = "bad-1", "bug-1"
    step = RecordingStep(refuse_bad)
    at.publish(submitted(video_id) for video_id in ids)
    at.loop(step, max_batch=10, linger_ms=5_000)
    wait_until(lambda: at.lag() == 0, "all committed")
    assert sorted(step.ids) == sorted(set(ids) - {"bad-1", "bug-1"})
    assert sorted(step.refused) == [("bad-1", "no-video-stream"), ("bug-1", "handler-error")]
    letters = {letter.key: letter for letter in read_dead_letters(at.kafka, dlq(at))}
    assert set(letters) == {b"default/bad-1", b"default/bug-1"}
    bad = letters[b"default/bad-1"]
    assert (bad.code, bad.reason) == ("no-video-stream", "bad-1: audio only")
    assert (bad.service, bad.group, bad.origin_topic) == ("video_ingest", at.group, TOPIC)
    assert bad.origin_offset >= at.began[TOPIC, bad.origin_partition]
    assert bad.buried_at is not None
    assert dict(bad.headers)["ce_type"] == TOPIC.encode()
    bug = letters[b"default/bug-1"]
    assert bug.reason == "ZeroDivisionError: division by zero in shot 3"
    assert "refuse_bad" in bug.stack


def test_a_bug_that_does_not_happen_twice_costs_nothing(at: Bench) -> None:
    failed = threading.Event()

    def work(batch: Batch) -> None:
        if not failed.is_set():
            failed.set()
            raise RuntimeError("once")

    step = RecordingStep(work)
    at.publish([submitted("v")])
    at.loop(step)
    wait_until(lambda: step.ids == ["v"], "the second try worked")
    wait_until(lambda: at.lag() == 0, "committed")
    assert read_dead_letters(at.kafka, dlq(at)) == []


@pytest.mark.parametrize(
    ("value", "headers", "reason"),
    [
        (b"{not json", [], "JSON"),
        (b'{"video_id": "v"}', [], "uri"),
        (None, [], "value: is empty"),
        (encode(submitted("v")), [("ce_type", b"vtr.other.v1")], "ce_type"),
        (encode(submitted("v")), [("traceparent", b"\xff")], "traceparent"),
    ],
    ids=["not-json", "missing-field", "empty", "other-type", "bad-header"],
)
def test_undecodable_records_are_buried_as_they_came(
    at: Bench, value: bytes | None, headers: list[tuple[str, bytes]], reason: str
) -> None:
    step = RecordingStep()
    at.producer.send(TOPIC, b"k", value, headers)
    at.producer.send(TOPIC, b"k", encode(submitted("good")), [])
    at.producer.flush()
    at.loop(step, max_batch=2, linger_ms=100)
    wait_until(lambda: at.lag() == 0, "all committed")
    assert step.ids == ["good"]
    (letter,) = read_dead_letters(at.kafka, dlq(at))
    assert letter.code == "undecodable"
    assert reason in letter.reason
    assert (letter.key, letter.value, letter.headers) == (b"k", value, headers)


def test_too_many_rejections_stop_the_loop_before_the_topic_is_drained(at: Bench) -> None:
    step = RecordingStep(refuse_bad)
    at.publish(submitted(f"bad-{n}") for n in range(100))
    loop = at.loop(step, dlq_max_ratio=0.5, dlq_window=20, dlq_min_rejected=10)
    wait_until(lambda: loop.failure() is not None, "the breaker trips")
    wait_until(lambda: not loop._thread.is_alive(), "the loop ends")
    assert isinstance(loop.failure(), PoisonRatioExceeded)
    buried = len(read_dead_letters(at.kafka, dlq(at)))
    assert buried == 9
    assert at.lag() == 100 - buried


def test_good_records_around_bad_ones_keep_the_loop_going(at: Bench) -> None:
    step = RecordingStep(refuse_bad)
    at.publish(submitted(f"bad-{n}" if n % 3 == 0 else f"v{n}") for n in range(90))
    loop = at.loop(step, dlq_max_ratio=0.9, dlq_window=30, dlq_min_rejected=10)
    wait_until(lambda: at.lag() == 0, "all committed")
    assert loop.failure() is None
    assert len(read_dead_letters(at.kafka, dlq(at))) == 30


def test_dead_letters_are_summed_up_shown_and_replayed_once(at: Bench) -> None:
    step = RecordingStep(refuse_bad)
    at.publish(submitted(video_id, tenant="acme") for video_id in ("bad-1", "bad-2", "bug-1", "v"))
    loop = at.loop(step)
    wait_until(lambda: at.lag() == 0, "all committed")
    loop.stop(10.0)
    (summary,) = [s for s in list_dead_letters(at.kafka) if s.topic == dlq(at)]
    assert (summary.count, summary.replayed, summary.origin, summary.group) == (3, 0, TOPIC, at.group)
    assert summary.codes == {"no-video-stream": 2, "handler-error": 1}
    assert len(read_dead_letters(at.kafka, dlq(at), limit=2)) == 2
    letters = {letter.key: letter for letter in read_dead_letters(at.kafka, dlq(at))}

    # One by id, then the rest, then nothing: what was replayed is remembered.
    assert replay(at.kafka, dlq(at), [letters[b"acme/bad-2"].id]) == 1
    assert replay(at.kafka, dlq(at), [letters[b"acme/bad-2"].id]) == 0
    assert replay(at.kafka, dlq(at)) == 2
    assert replay(at.kafka, dlq(at)) == 0
    (summary,) = [s for s in list_dead_letters(at.kafka) if s.topic == dlq(at)]
    assert summary.replayed == 3

    mended = RecordingStep()
    again = at.loop(mended)
    wait_until(lambda: at.lag() == 0, "the replayed ones are handled")
    assert sorted(mended.ids) == ["bad-1", "bad-2", "bug-1"]
    assert {m.event.tenant for m in mended.seen} == {"acme"}
    assert {m.envelope.tenant for m in mended.seen} == {"acme"}
    again.stop(10.0)
    assert replay(at.kafka, dlq(at), again=True) == 3


def test_a_record_that_comes_back_remembers_its_replays(at: Bench) -> None:
    step = RecordingStep(refuse_bad)
    at.publish([submitted("bad")])
    at.loop(step)
    wait_until(lambda: len(step.refused) == 1, "buried")
    wait_until(lambda: at.lag() == 0, "committed")
    assert replay(at.kafka, dlq(at)) == 1
    wait_until(lambda: len(step.refused) == 2, "buried again")
    wait_until(lambda: at.lag() == 0, "committed again")
    first, second = read_dead_letters(at.kafka, dlq(at))
    assert (first.replays, first.replayed) == (0, True)
    assert (second.replays, second.replayed) == (1, False)
    assert second.headers == first.headers
    assert replay(at.kafka, dlq(at)) == 1
    wait_until(lambda: len(step.refused) == 3, "buried a third time")
    wait_until(lambda: at.lag() == 0, "committed a third time")
    assert read_dead_letters(at.kafka, dlq(at))[-1].replays == 2


def test_wrong_names_are_refused(at: Bench) -> None:
    with pytest.raises(ValueError, match="no dead letter topic"):
        read_dead_letters(at.kafka, TOPIC)
    with pytest.raises(ValueError, match="does not exist"):
        replay(at.kafka, "vtr.nothing.v1.vtr.x.dlq")
    declared = dead_letter_topic(TOPIC, "vtr.video_ingest")
    with pytest.raises(ValueError, match=r"ids: not in .*: 0:999"):
        replay(at.kafka, declared, ["0:999"])
