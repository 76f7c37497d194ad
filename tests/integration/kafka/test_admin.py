"""Topics are made what their declarations say, as often as one asks."""

from __future__ import annotations

import re

import msgspec
import pytest

from support.consuming import TOPIC, Bench, RecordingStep, submitted, wait_until
from support.engines import kafka_broker, kafka_cluster
from vtr.contracts.step import Unavailable
from vtr.contracts.topics import load_topics
from vtr.kafka.admin import (
    admin_client,
    apply_topics,
    describe,
    group_lag,
    list_topics,
    topic_ends,
    wanted_topics,
)
from vtr.kafka.lagreader import LagReader
from vtr.local.ports import free_ports
from vtr.runtime.settings import KafkaSettings

pytestmark = pytest.mark.kafka


def test_topics_are_created_once_and_brought_back_when_they_differ() -> None:
    with kafka_broker() as address:
        kafka = KafkaSettings(bootstrap_servers=address)
        # Before anything exists, questions have answers too.
        assert list_topics(kafka) == []
        assert group_lag(kafka, "vtr.indexer") == {}

        first = apply_topics(kafka)
        names = [topic.name for topic in wanted_topics(load_topics().values())]
        assert sorted(first) == sorted(f"created {name}" for name in names)
        assert list_topics(kafka) == sorted(names)
        assert apply_topics(kafka) == []

        spec = load_topics()[TOPIC]
        longer = msgspec.structs.replace(spec, retention_days=spec.retention_days + 1, partitions=8)
        changed = apply_topics(kafka, specs=[longer])
        assert f"grew {TOPIC}: {spec.partitions} -> 8 partitions" in changed
        assert any(re.match(rf"set {re.escape(TOPIC)}: retention.ms \d+ -> \d+", line) for line in changed)
        assert [line for line in apply_topics(kafka) if line.startswith("drift")] == [
            f"drift {TOPIC}: has 8 partitions, declared {spec.partitions}; left as is"
        ]
        assert apply_topics(kafka, replication_factor=3, specs=[longer])[-1].startswith("drift")
        with admin_client(kafka) as client:
            configs = client.describe_topics([TOPIC])
        assert len(configs[0]["partitions"]) == 8


def test_lag_counts_from_the_start_for_a_group_that_never_committed(at: Bench) -> None:
    before = sum(lag for (topic, _), lag in group_lag(at.kafka, "vtr.video_ingest").items() if topic == TOPIC)
    at.publish([submitted("v")])
    after = group_lag(at.kafka, "vtr.video_ingest")
    assert sum(lag for (topic, _), lag in after.items() if topic == TOPIC) == before + 1
    assert {topic for topic, _ in after} == {TOPIC, "vtr.video.deleted.v1"}


def test_a_lag_reader_says_what_group_lag_says_each_time_it_is_asked(at: Bench) -> None:
    reader = LagReader(at.kafka)
    try:
        for _ in range(2):
            at.publish([submitted("v")])
            assert reader.lag("vtr.video_ingest") == group_lag(at.kafka, "vtr.video_ingest")
            assert sum(reader.lag("vtr.video_ingest").values()) > 0
    finally:
        reader.close()


def test_a_lag_reader_outlives_its_broker() -> None:
    with kafka_cluster() as cluster:
        kafka = KafkaSettings(bootstrap_servers=cluster.bootstrap_servers)
        apply_topics(kafka)
        reader = LagReader(kafka)
        before = reader.lag("vtr.indexer")
        assert before
        cluster.stop()
        with pytest.raises(Unavailable, match="kafka"):
            reader.lag("vtr.indexer")
        cluster.start(120.0)

        def answers() -> bool:
            try:
                return reader.lag("vtr.indexer") == before
            except Unavailable:
                return False

        wait_until(answers, "the reader answers again")
        reader.close()


def test_ends_leave_out_topics_that_do_not_exist(at: Bench) -> None:
    assert {topic for topic, _ in topic_ends(at.kafka, [TOPIC, "vtr.nothing.v1"])} == {TOPIC}


def test_a_group_is_described_with_its_members(at: Bench) -> None:
    assert describe(at.kafka, "vtr.nobody").members == {}
    loop = at.loop(RecordingStep())
    wait_until(lambda: len(loop.assignment()) == 6, "joined")
    info = describe(at.kafka, at.group)
    assert info.state == "Stable"
    (held,) = info.members.values()
    assert sorted(held) == [f"{TOPIC}[{n}]" for n in range(6)]


def test_a_broker_that_is_not_there_is_named() -> None:
    address = f"127.0.0.1:{free_ports(1)[0]}"
    with pytest.raises(Unavailable, match=re.escape(f"kafka: no broker at {address}")):
        apply_topics(KafkaSettings(bootstrap_servers=address))
