"""The engines of the laptop stack, for real: they start, keep their data, say what stands in their way."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import redis as redis_client
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic
from pymilvus import MilvusClient

from support.engines import kafka_cluster, new_kafka, new_milvus
from vtr.local import kafka_jars
from vtr.local.engine import Engine
from vtr.local.kafka import KafkaCluster, Node
from vtr.local.milvus_lite import MilvusLiteServer
from vtr.local.ports import free_ports
from vtr.local.preflight import PreflightError
from vtr.local.redis import RedisServer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Data folder of an engine."""
    return tmp_path / "data"


def _write_kafka(address: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=address)
    admin.create_topics([NewTopic("kept", num_partitions=1, replication_factor=1)])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=address)
    producer.send("kept", b"still here").get(180)
    producer.close()


def _read_kafka(address: str) -> object:
    consumer = KafkaConsumer(bootstrap_servers=address, auto_offset_reset="earliest")
    partition = TopicPartition("kept", 0)
    consumer.assign([partition])
    consumer.seek_to_beginning(partition)
    try:
        for _ in range(120):
            for records in consumer.poll(timeout_ms=1000).values():
                return records[0].value
    finally:
        consumer.close()
    return None


def _redis(address: str) -> redis_client.Redis:
    return redis_client.Redis.from_url(address)


def _write_milvus(address: str) -> None:
    client = MilvusClient(address)
    client.create_collection("kept", dimension=4)
    client.insert("kept", [{"id": 7, "vector": [1.0, 0.0, 0.0, 0.0]}])
    client.flush("kept")
    client.close()


def _read_milvus(address: str) -> object:
    client = MilvusClient(address)
    client.load_collection("kept")
    hits = client.search("kept", data=[[1.0, 0.0, 0.0, 0.0]], limit=1, consistency_level="Strong")
    client.close()
    return [hit["id"] for hit in hits[0]]


CASES = {
    "kafka": (new_kafka, _write_kafka, _read_kafka, b"still here"),
    "redis": (
        lambda folder: RedisServer(folder, free_ports(1)[0]),
        lambda address: _redis(address).set("kept", "still here"),
        lambda address: _redis(address).get("kept"),
        b"still here",
    ),
    "milvus-lite": (lambda folder: new_milvus(folder, "lite"), _write_milvus, _read_milvus, [7]),
    "milvus-standalone": (lambda folder: new_milvus(folder, "standalone"), _write_milvus, _read_milvus, [7]),
}


@pytest.mark.parametrize("grace_s", [None, 0], ids=["stopped", "killed"])
@pytest.mark.parametrize("name", CASES)
def test_data_survive(name: str, grace_s: float | None, folder: Path) -> None:
    make, write, read, expected = CASES[name]
    engine: Engine = make(folder)
    engine.start(240.0)
    try:
        write(engine.address)
        if name == "redis" and grace_s == 0:
            # appendfsync is everysec, but the write itself happens before the answer: a kill loses nothing.
            assert _redis(engine.address).config_get("appendonly") == {"appendonly": "yes"}
        engine.stop(grace_s)
        assert not any(process.running() for process in engine.processes)
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", _port(engine)), 1).close()
        engine.start(240.0)
        assert read(engine.address) == expected
    finally:
        engine.stop(0)


def _port(engine: Engine) -> int:
    return engine.nodes[0].broker if isinstance(engine, KafkaCluster) else engine.port  # type: ignore[attr-defined,no-any-return]


def test_data_move_with_the_folder_to_other_ports(folder: Path) -> None:
    first = new_kafka(folder)
    first.start()
    try:
        _write_kafka(first.address)
    finally:
        first.stop()
    second = new_kafka(folder)
    second.start()
    try:
        assert second.address != first.address
        assert _read_kafka(second.address) == b"still here"
    finally:
        second.stop(0)


def test_three_brokers_form_one_cluster_that_outlives_one_of_them() -> None:
    with kafka_cluster(nodes=3) as cluster:
        admin = KafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers)
        described = admin.describe_cluster()
        assert sorted(broker["broker_id"] for broker in described["brokers"]) == [1, 2, 3]
        admin.create_topics([NewTopic("spread", num_partitions=3, replication_factor=3)])
        producer = KafkaProducer(bootstrap_servers=cluster.bootstrap_servers, acks="all")
        producer.send("spread", b"x").get(180)
        cluster.processes[2].stop(0)
        for _ in range(6):  # all partitions, whoever led them
            producer.send("spread", b"y").get(180)
        producer.close()
        admin.close()
        cluster.processes[2].start()
        cluster.wait_ready(180.0)


def test_topics_are_not_created_by_accident(kafka_bootstrap: str) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka_bootstrap, max_block_ms=3000)
    with pytest.raises(Exception, match=r"(?i)topic|metadata"):
        producer.send("never-declared", b"x").get(5)
    producer.close()
    admin = KafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    assert "never-declared" not in admin.list_topics()
    admin.close()


@pytest.mark.parametrize(
    "make",
    [
        lambda folder, port: KafkaCluster(folder, [Node(port, free_ports(1)[0])]),
        RedisServer,
        MilvusLiteServer,
    ],
    ids=["kafka", "redis", "milvus"],
)
def test_taken_port_is_told_before_anything_starts(make: Callable[[Path, int], Engine], folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        engine = make(folder, port)
        with pytest.raises(PreflightError, match=rf"port {port} is taken by .*pid \d+") as caught:
            engine.start()
    assert "fix: stop that process, or give another port" in str(caught.value)
    assert not any(process.running() for process in engine.processes)


def test_missing_programs_are_told_together(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("VTR_CACHE_DIR", str(tmp_path / "cache"))
    with pytest.raises(PreflightError) as caught:
        new_kafka(folder).start()
    assert "Java is not installed" in str(caught.value)
    assert "mvn is not installed" in str(caught.value)
    with pytest.raises(PreflightError, match="redis-server is not installed"):
        RedisServer(folder, free_ports(1)[0]).start()


def test_a_broker_is_not_started_from_a_jar_that_was_changed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = kafka_jars.ensure()[0].parent
    monkeypatch.setenv("VTR_CACHE_DIR", str(tmp_path / "cache"))
    copied = kafka_jars.jars_dir()
    shutil.copytree(whole, copied)
    with (copied / f"kafka_2.13-{kafka_jars.KAFKA_VERSION}.jar").open("ab") as jar:
        jar.write(b"\0")
    cluster = new_kafka(folder)
    with pytest.raises(kafka_jars.JarsError, match=r"kafka_2\.13-.*has SHA-256 .*expected"):
        cluster.start()
    assert not any(process.running() for process in cluster.processes)


def test_a_broker_that_dies_at_start_fails_with_its_own_words(folder: Path) -> None:
    cluster = new_kafka(folder)
    cluster.start()
    cluster.stop()
    (folder / "cluster.id").write_text("AAAAAAAAAAAAAAAAAAAAAA\n")
    meta = folder / "node-1" / "data" / "meta.properties"
    meta.write_text(meta.read_text().replace("node.id=1", "node.id=9"))
    with pytest.raises(RuntimeError, match=r"kafka: ended with exit code 1(?s:.*)node"):
        cluster.start()
