"""What is published arrives, under its key and envelope; what cannot arrive is said."""

from __future__ import annotations

import random
import re
import threading

import msgspec
import pytest

from support.consuming import TOPIC, Bench, RecordingStep, submitted, wait_until
from support.engines import kafka_cluster
from vtr.contracts.envelope import Envelope
from vtr.contracts.events import VideoDeleted, VideoSubmitted
from vtr.contracts.step import Message, Rejected, Unavailable
from vtr.contracts.topics import load_topics
from vtr.kafka.admin import apply_topics, topic_ends
from vtr.kafka.producer import EventProducer
from vtr.local.ports import free_ports
from vtr.runtime.settings import KafkaSettings

pytestmark = pytest.mark.kafka


def test_an_event_arrives_with_its_envelope(at: Bench) -> None:
    cause = Message(submitted("c"), Envelope.root(TOPIC, source="web", tenant="acme"))
    step = RecordingStep()
    at.loop(step)
    at.producer.publish(submitted("a", tenant="umbrella"))
    at.producer.publish(submitted("b"), cause=cause)
    at.producer.publish(submitted("d"), cause=cause, tenant="other")
    at.producer.flush()
    wait_until(lambda: len(step.seen) == 3, "all arrived")
    envelopes = {message.event.video_id: message.envelope for message in step.seen}
    assert {envelope.source for envelope in envelopes.values()} == {"bench"}
    assert {envelope.type for envelope in envelopes.values()} == {TOPIC}
    assert envelopes["a"].tenant == "umbrella"
    assert (envelopes["b"].tenant, envelopes["b"].trace_id) == ("acme", cause.envelope.trace_id)
    assert (envelopes["d"].tenant, envelopes["d"].trace_id) == ("other", cause.envelope.trace_id)


def test_equal_keys_lie_in_equal_partitions_of_different_topics(at: Bench) -> None:
    keys = [f"{at.group}-{n}" for n in range(30)]
    deleted = VideoDeleted.TYPE
    before = topic_ends(at.kafka, [TOPIC, deleted])
    for key in keys:
        event = submitted(key)
        at.producer.publish(event)
        at.producer.publish(VideoDeleted(video_id=key, deleted_at=event.submitted_at))
    at.producer.flush()
    after = topic_ends(at.kafka, [TOPIC, deleted])
    grown = {place: after[place] - before[place] for place in after}
    for number in range(6):
        assert grown[TOPIC, number] == grown[deleted, number]


def test_a_record_too_large_is_rejected_where_it_is_published(at: Bench) -> None:
    limit = load_topics()[VideoDeleted.TYPE].max_message_bytes
    captions = tuple({"start_s": 0.0, "end_s": 1.0, "text": "x" * 9000} for _ in range(limit * 4 // 9000 + 1))
    huge = msgspec.convert(msgspec.to_builtins(submitted("v")) | {"captions": captions}, VideoSubmitted)
    with pytest.raises(Rejected, match=r"v1 default/v: \d+ bytes, the topic takes \d+") as caught:
        at.producer.publish(huge)
    assert caught.value.code == "record-too-large"
    at.producer.flush()


def test_the_largest_record_a_topic_takes_arrives(at: Bench) -> None:
    limit = load_topics()[TOPIC].max_message_bytes
    # Random text, so that compression does not make it small.
    alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    rng = random.Random(7)
    captions: list[dict[str, object]] = []
    size = 0
    while size < limit - 20_000:
        captions.append({"start_s": 0.0, "end_s": 1.0, "text": "".join(rng.choices(alphabet, k=9000))})
        size += 9100
    large = msgspec.convert(msgspec.to_builtins(submitted("v")) | {"captions": captions}, VideoSubmitted)
    at.publish([large])
    step = RecordingStep()
    at.loop(step)
    wait_until(lambda: step.ids == ["v"], "it arrived")


def test_a_topic_that_does_not_exist_is_named(at: Bench) -> None:
    with pytest.raises(Unavailable, match=r"topic vtr.nothing.v1 not found at .* \(is it created\?\)"):
        at.producer.send("vtr.nothing.v1", b"k", b"v", [])


def test_no_broker_at_construction_is_named() -> None:
    address = f"127.0.0.1:{free_ports(1)[0]}"
    with pytest.raises(Unavailable, match=re.escape(f"kafka: no broker at {address}")):
        EventProducer(KafkaSettings(bootstrap_servers=address), "test")


def test_flush_says_what_was_not_taken_and_only_once() -> None:
    with kafka_cluster() as cluster:
        kafka = KafkaSettings(bootstrap_servers=cluster.bootstrap_servers)
        # The broker takes less than we think it does.
        spec = msgspec.structs.replace(load_topics()[TOPIC], max_message_bytes=1024)
        apply_topics(kafka, specs=[spec])
        producer = EventProducer(kafka, "test")
        try:
            producer.publish(submitted("a"))
            producer.flush()
            producer.publish(submitted("b", description="".join(map(str, range(2000)))))
            with pytest.raises(Unavailable, match=r"1 records were not taken; first: .*MessageSizeTooLarge"):
                producer.flush()
            assert producer.failures == 1
            producer.flush()

            # One refusal does not spoil what follows.
            producer.publish(submitted("c"))
            producer.flush()
            assert producer.failures == 1

            # And a broker that does not answer.
            cluster.stop(grace_s=0)
            producer.publish(submitted("d"))
            with pytest.raises(Unavailable, match=r"1 records not acknowledged after 0.5 s"):
                producer.flush(0.5)
            cluster.start(deadline_s=120.0)
        finally:
            producer.close(1.0)


def test_publishing_from_many_threads_loses_nothing(at: Bench) -> None:
    def publish(number: int) -> None:
        for n in range(50):
            at.producer.publish(submitted(f"t{number}-{n}"))
        at.producer.flush()

    threads = [threading.Thread(target=publish, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ends = topic_ends(at.kafka, [TOPIC])
    assert sum(ends.values()) - sum(at.began.values()) == 400
