"""Apache Kafka on loopback: KRaft with broker and controller in one process per node (KIP-833)."""

from __future__ import annotations

import base64
import shutil
import subprocess
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from vtr.local import kafka_jars, ports, preflight
from vtr.local.assets import asset
from vtr.local.preflight import Problem
from vtr.local.process import ManagedProcess, ProcessFailed, ProcessSpec

_HEAP = ("-Xms128m", "-Xmx512m")
_FLAGS = ("-XX:+UseSerialGC", "-Djava.awt.headless=true")
_INTERNAL_REPLICAS = 3
_CONFIG = "server.properties"


@dataclass(frozen=True)
class Node:
    """The ports of one node."""

    broker: int
    controller: int


class KafkaCluster:
    """One node, or several that form a cluster. Data and cluster id are kept in ``data_dir``."""

    name = "kafka"

    def __init__(self, data_dir: Path, nodes: Sequence[Node], log_dir: Path | None = None) -> None:
        if not nodes:
            raise ValueError("nodes: a cluster has at least one")
        self._data_dir = data_dir
        self.nodes = tuple(nodes)
        self._log_dir = log_dir or data_dir / "logs"
        self._jars: list[Path] = []
        self.processes: Sequence[ManagedProcess] = [
            ManagedProcess(self._spec(number)) for number in self._numbers()
        ]

    @property
    def bootstrap_servers(self) -> str:
        """Comma-separated host:port of every node."""
        return ",".join(f"{ports.LOOPBACK}:{node.broker}" for node in self.nodes)

    @property
    def address(self) -> str:
        """The same as :attr:`bootstrap_servers`."""
        return self.bootstrap_servers

    def problems(self) -> list[Problem]:
        """All that keeps it from starting."""
        found = preflight.java()
        if not kafka_jars.complete(kafka_jars.jars_dir()):
            found += preflight.command(
                "mvn",
                why="Maven fetches the broker's jars once and verifies where they come from",
                fix="install Maven (Debian/Ubuntu: apt-get install maven; macOS: brew install maven), "
                "or give the address of a running Kafka",
            )
        found += preflight.python_package("kafka", why="it asks the broker whether it is ready", extra="cli")
        for node in self.nodes:
            setting = "give another port, or the address of a running Kafka"
            found += preflight.port(node.broker, "Kafka", setting)
            found += preflight.port(node.controller, "Kafka's controller", setting)
        return found + preflight.disk(self._data_dir) + preflight.disk(kafka_jars.jars_dir())

    def start(self, deadline_s: float = 60.0) -> None:
        """Fetch, verify, format what is new, start all nodes and wait until they are one cluster."""
        preflight.require(self.problems())
        self._jars = kafka_jars.ensure()
        cluster_id = self._cluster_id()
        with ThreadPoolExecutor(len(self.nodes)) as pool:
            list(pool.map(lambda number: self._prepare(number, cluster_id), self._numbers()))
        for number, process in zip(self._numbers(), self.processes, strict=True):
            process.spec = self._spec(number)
            process.start()
        try:
            self.wait_ready(deadline_s)
        except BaseException:
            self.stop(0)
            raise

    def wait_ready(self, deadline_s: float = 60.0) -> None:
        """Until each node's process runs and the cluster counts all of them as its unfenced brokers."""
        give_up = time.monotonic() + deadline_s
        for node, process in zip(self.nodes, self.processes, strict=True):
            left = max(1.0, give_up - time.monotonic())
            process.wait_ready(lambda port=node.broker: ports.accepts(port), left)  # type: ignore[misc]
        self.processes[0].wait_ready(self._probe, max(1.0, give_up - time.monotonic()))

    def stop(self, grace_s: float | None = None) -> None:
        """Stop all nodes at once: a broker that leaves last would wait for a quorum that is gone."""
        if grace_s != 0:
            for process in self.processes:
                process.request_stop()
        for process in self.processes:
            process.stop(grace_s)

    def _probe(self) -> None:
        from kafka.admin import KafkaAdminClient  # noqa: PLC0415  (a heavy import, only for a start)

        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap_servers, request_timeout_ms=5000)
        try:
            cluster = admin.describe_cluster()
        finally:
            admin.close()
        ours = self._cluster_id()
        if cluster["cluster_id"] != ours:
            raise RuntimeError(f"the broker is of the cluster {cluster['cluster_id']}, not of {ours}")
        ready = {b["broker_id"] for b in cluster["brokers"] if not b.get("is_fenced")}
        missing = set(self._numbers()) - ready
        if missing:
            raise RuntimeError(f"brokers {sorted(missing)} have not joined")

    def _numbers(self) -> range:
        return range(1, len(self.nodes) + 1)

    def _home(self, number: int) -> Path:
        return self._data_dir / f"node-{number}"

    def _spec(self, number: int) -> ProcessSpec:
        name = self.name if len(self.nodes) == 1 else f"{self.name}-{number}"
        home = self._home(number)
        return ProcessSpec(
            name=name,
            command=(*self._java(), "kafka.Kafka", str(home / _CONFIG)),
            log=self._log_dir / f"{name}.log",
            pid_file=home / "pid.json",
            # A controlled shutdown of the one node that holds all leaders takes well under a second.
            grace_s=20.0,
        )

    def _java(self) -> tuple[str, ...]:
        java = shutil.which("java") or "java"
        logging = f"-Dlog4j2.configurationFile={asset('kafka/log4j2.yaml')}"
        classes = ":".join(str(path) for path in self._jars)
        return (java, *_HEAP, *_FLAGS, logging, "-cp", classes)

    def _cluster_id(self) -> str:
        """The id in ``cluster.id``; made once (a random UUID in URL-safe base64, as Kafka writes them)."""
        path = self._data_dir / "cluster.id"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
            # The command line of the format tool would take a leading dash for an option.
            path.write_text(("A" + text[1:] if text.startswith("-") else text) + "\n")
        return path.read_text().strip()

    def _prepare(self, number: int, cluster_id: str) -> None:
        home = self._home(number)
        config = home / _CONFIG
        home.mkdir(parents=True, exist_ok=True)
        config.write_text("".join(f"{key}={value}\n" for key, value in self._properties(number).items()))
        if (home / "data" / "meta.properties").exists():
            return
        command = [*self._java(), "kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", str(config)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            log = self._spec(number).log
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("a") as handle:
                handle.write(done.stdout + done.stderr)
            raise ProcessFailed(self.name, f"its storage {home / 'data'} could not be formatted", log)

    def _properties(self, number: int) -> dict[str, str | int]:
        node = self.nodes[number - 1]
        replicas = min(len(self.nodes), _INTERNAL_REPLICAS)
        in_sync = max(1, replicas - 1)
        broker = f"PLAINTEXT://{ports.LOOPBACK}:{node.broker}"
        voters = (f"{n}@{ports.LOOPBACK}:{self.nodes[n - 1].controller}" for n in self._numbers())
        return {
            "process.roles": "broker,controller",
            "node.id": number,
            "listeners": f"{broker},CONTROLLER://{ports.LOOPBACK}:{node.controller}",
            "advertised.listeners": broker,
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "PLAINTEXT",
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.voters": ",".join(voters),
            "log.dirs": str(self._home(number) / "data"),
            "auto.create.topics.enable": "false",
            "default.replication.factor": replicas,
            "min.insync.replicas": in_sync,
            "offsets.topic.replication.factor": replicas,
            # 50 partitions by default, a folder and several open files each; a laptop has few groups.
            "offsets.topic.num.partitions": 8,
            "transaction.state.log.replication.factor": replicas,
            "transaction.state.log.min.isr": in_sync,
            "transaction.state.log.num.partitions": 8,
            "share.coordinator.state.topic.replication.factor": replicas,
            "share.coordinator.state.topic.min.isr": in_sync,
            # Members come up one after the other on a laptop; waiting for more only delays the first.
            "group.initial.rebalance.delay.ms": 0,
            "group.min.session.timeout.ms": 1000,
            "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
        }
