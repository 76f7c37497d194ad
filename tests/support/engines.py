"""Real engines for tests: each on random free ports with its data in a temporary folder.

A missing engine raises PreflightError, which fails the test with the reason and the fix.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeVar

from vtr.local.engine import Engine
from vtr.local.kafka import KafkaCluster, Node
from vtr.local.milvus_lite import MilvusLiteServer
from vtr.local.milvus_standalone import MilvusStandaloneServer
from vtr.local.ports import free_ports
from vtr.local.redis import RedisServer

E = TypeVar("E", bound=Engine)
MilvusKind = Literal["lite", "standalone"]


def new_kafka(data_dir: Path, nodes: int = 1) -> KafkaCluster:
    """A cluster that is not started yet."""
    numbers = free_ports(2 * nodes)
    return KafkaCluster(data_dir, [Node(*pair) for pair in zip(numbers[::2], numbers[1::2], strict=True)])


def new_milvus(data_dir: Path, kind: MilvusKind) -> MilvusLiteServer | MilvusStandaloneServer:
    """A server that is not started yet."""
    server = MilvusLiteServer if kind == "lite" else MilvusStandaloneServer
    return server(data_dir, free_ports(1)[0])


@contextmanager
def kafka_broker(nodes: int = 1) -> Iterator[str]:
    """A Kafka cluster; gives its bootstrap servers."""
    with kafka_cluster(nodes) as cluster:
        yield cluster.bootstrap_servers


@contextmanager
def kafka_cluster(nodes: int = 1) -> Iterator[KafkaCluster]:
    """A Kafka cluster whose single processes a test may stop and start."""
    with _folder("kafka") as folder, _running(new_kafka(folder, nodes)) as cluster:
        yield cluster


@contextmanager
def redis_server() -> Iterator[str]:
    """A Redis server; gives its URL."""
    with _folder("redis") as folder, _running(RedisServer(folder, free_ports(1)[0])) as server:
        yield server.url


@contextmanager
def milvus_server(kind: MilvusKind) -> Iterator[str]:
    """A Milvus server, Lite or standalone; gives its URI."""
    with _folder("milvus") as folder, _running(new_milvus(folder, kind)) as server:
        yield server.uri


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=f"vtr-{name}-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def _running(engine: E) -> Iterator[E]:
    engine.start(deadline_s=240.0)
    try:
        yield engine
    finally:
        engine.stop(grace_s=0)  # its data are thrown away
