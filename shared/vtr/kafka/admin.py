"""Topics and groups, seen and changed from outside the loop: creation, drift, lag."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, OffsetSpec
from kafka.errors import KafkaError

from vtr.contracts.step import Unavailable
from vtr.contracts.topics import (
    TopicSpec,
    consumer_group,
    dead_letter_spec,
    dead_letter_topic,
    load_topics,
)
from vtr.kafka.config import client_config
from vtr.kafka.delivery import Partition
from vtr.kafka.groups import committed_offsets, with_coordinator
from vtr.runtime.settings import KafkaSettings

DEAD_LETTER_HEADROOM_BYTES = 64 * 1024
"""A dead letter is its record plus the reason and the stack, so its topic takes somewhat more."""

TOPICS_READY_S = 30.0


class Wanted(msgspec.Struct, frozen=True):
    """A topic as it should be."""

    name: str
    partitions: int
    config: dict[str, str]


def connect(settings: KafkaSettings) -> Any:
    """A connected ``KafkaAdminClient``, for the caller to close.

    Raises :class:`Unavailable` with the address and the reason when no broker answers.
    """
    try:
        return KafkaAdminClient(**client_config(settings, client_id="vtr-admin"))
    except (KafkaError, OSError) as error:
        raise Unavailable("kafka", f"no broker at {settings.bootstrap_servers}: {error}") from error


@contextmanager
def kafka_faults(settings: KafkaSettings) -> Iterator[None]:
    """Errors of Kafka that may pass become :class:`Unavailable` with the address; others stay as they are."""
    try:
        yield
    except KafkaError as error:
        if error.retriable:
            raise Unavailable("kafka", f"{settings.bootstrap_servers}: {error!r}") from error
        raise


@contextmanager
def admin_client(settings: KafkaSettings) -> Iterator[Any]:
    """A connected ``KafkaAdminClient``, closed afterwards. Raises as :func:`connect` does."""
    client = connect(settings)
    try:
        with kafka_faults(settings):
            yield client
    finally:
        client.close()


def wanted_topics(specs: Iterable[TopicSpec]) -> list[Wanted]:
    """The topics of ``specs`` and a dead letter topic for each of their consuming services."""
    wanted: list[Wanted] = []
    for spec in specs:
        wanted.append(Wanted(spec.name, spec.partitions, spec.config))
        for service in spec.consumers:
            buried = dead_letter_spec(spec, service)
            if buried is not None:
                wanted.append(_dead_letters(spec, buried, consumer_group(service)))
    return wanted


def dead_letters_of(spec: TopicSpec, group: str) -> Wanted:
    """The dead letter topic of ``group`` for a topic that its service consumes."""
    buried = dead_letter_spec(spec, spec.consumers[0])
    if buried is None:
        raise ValueError(f"{spec.name}: has no consumers")
    return _dead_letters(spec, buried, group)


def _dead_letters(spec: TopicSpec, buried: TopicSpec, group: str) -> Wanted:
    config = dict(buried.config)
    config["max.message.bytes"] = str(buried.max_message_bytes + DEAD_LETTER_HEADROOM_BYTES)
    return Wanted(dead_letter_topic(spec.name, group), buried.partitions, config)


def apply_topics(
    settings: KafkaSettings,
    replication_factor: int | None = None,
    specs: Iterable[TopicSpec] | None = None,
) -> list[str]:
    """Make the topics what their declarations say; one line for each change or difference, none if alike.

    Creates what is missing, sets configuration, adds partitions. Never removes partitions (keys would move)
    and never changes replication: it reports those. ``replication_factor`` None means the broker's default.
    Returns once all topics have leaders. Raises :class:`Unavailable` when no broker answers.
    """
    wanted = wanted_topics(load_topics().values() if specs is None else specs)
    with admin_client(settings) as client:
        present = _present(client)
        missing = [topic for topic in wanted if topic.name not in present]
        existing = [topic for topic in wanted if topic.name in present]
        lines = _create(client, missing, replication_factor)
        lines += _fit_partitions(client, existing, present)
        lines += _fit_config(client, existing)
        lines += _replication_drift(existing, present, replication_factor)
        _await_topics(client, wanted)
    return lines


def ensure_topics(settings: KafkaSettings, wanted: Sequence[Wanted]) -> list[str]:
    """Create those of ``wanted`` that are missing, and leave the others as they are."""
    with admin_client(settings) as client:
        present = _present(client)
        lines = _create(client, [topic for topic in wanted if topic.name not in present], None)
        _await_topics(client, wanted)
    return lines


def list_topics(settings: KafkaSettings) -> list[str]:
    """The names of all topics, sorted, without the broker's own."""
    with admin_client(settings) as client:
        return sorted(name for name in client.list_topics() if not name.startswith("__"))


def topic_ends(settings: KafkaSettings, topics: Iterable[str]) -> dict[tuple[str, int], int]:
    """The end offset of each partition of ``topics``; topics that do not exist are left out."""
    with admin_client(settings) as client:
        return {(p.topic, p.partition): end for p, end in _ends(client, topics).items()}


def group_lag(settings: KafkaSettings, group: str) -> dict[tuple[str, int], int]:
    """Records between the committed and the end offset, for each partition the group has committed.

    For a group named after a service, the partitions of all topics that the service consumes are included;
    where it has committed nothing yet, all that is retained counts.
    """
    with admin_client(settings) as client:
        return lag_of(client, group)


def lag_of(client: Any, group: str) -> dict[tuple[str, int], int]:
    """:func:`group_lag` by a client that is connected."""
    committed = {p: found.offset for p, found in committed_offsets(client, group).items()}
    topics = {p.topic for p in committed} | set(_consumed_topics(group))
    ends = _ends(client, topics)
    begins = _offsets(client, [p for p in ends if p not in committed], OffsetSpec.EARLIEST)
    return {
        (partition.topic, partition.partition): max(
            0, end - committed.get(partition, begins.get(partition, 0))
        )
        for partition, end in ends.items()
    }


class GroupInfo(msgspec.Struct, frozen=True):
    """A consumer group: its state as Kafka names it, its members and what each holds."""

    group: str
    state: str
    members: dict[str, list[str]]


def describe(settings: KafkaSettings, group: str) -> GroupInfo:
    """The state of a consumer group; ``Dead`` with no members when it does not exist."""
    with admin_client(settings) as client:
        info = with_coordinator(lambda: client.describe_groups([group]))[group]
    members: dict[str, list[str]] = {}
    for member in info.get("members") or []:
        assignment = member.get("member_assignment") or {}
        held = assignment.get("assigned_partitions", []) if isinstance(assignment, dict) else []
        members[member["client_id"] + "/" + member["member_id"][-6:]] = [
            f"{topic['topic']}[{partition}]" for topic in held for partition in topic["partitions"]
        ]
    return GroupInfo(group, info.get("group_state") or "Dead", members)


def _consumed_topics(group: str) -> list[str]:
    return [
        name
        for name, spec in load_topics().items()
        if any(consumer_group(service) == group for service in spec.consumers)
    ]


def _present(client: Any) -> dict[str, list[Any]]:
    return {topic["name"]: topic["partitions"] for topic in client.describe_topics()}


def _create(client: Any, topics: Sequence[Wanted], replication_factor: int | None) -> list[str]:
    if not topics:
        return []
    answer = client.create_topics(
        {
            topic.name: {
                "num_partitions": topic.partitions,
                "replication_factor": -1 if replication_factor is None else replication_factor,
                "configs": topic.config,
            }
            for topic in topics
        },
        raise_errors=False,
    )
    lines = []
    for result in answer["topics"]:
        if result["error_code"] not in {0, _TOPIC_ALREADY_EXISTS}:
            reason = f"error {result['error_code']}, {result['error_message']}"
            raise Unavailable("kafka", f"topic {result['name']} was not created: {reason}")
        if result["error_code"] == 0:
            lines.append(f"created {result['name']}")
    return lines


_TOPIC_ALREADY_EXISTS = 36
"""Another process created it meanwhile, which is as good."""


def _await_topics(client: Any, topics: Sequence[Wanted]) -> None:
    """Until every partition has a leader in the metadata, new ones of grown topics included."""
    deadline = time.monotonic() + TOPICS_READY_S
    client.wait_for_topics([topic.name for topic in topics], timeout_ms=int(TOPICS_READY_S * 1000))
    while True:
        present = _present(client)
        short = [t.name for t in topics if len(present.get(t.name, ())) < t.partitions]
        if not short:
            return
        if time.monotonic() > deadline:
            raise Unavailable("kafka", f"partitions did not appear in {TOPICS_READY_S:.0f} s: {short}")
        time.sleep(0.05)


def _fit_partitions(client: Any, topics: Sequence[Wanted], present: dict[str, list[Any]]) -> list[str]:
    lines = []
    for topic in topics:
        count = len(present[topic.name])
        if count < topic.partitions:
            client.create_partitions({topic.name: topic.partitions})
            lines.append(f"grew {topic.name}: {count} -> {topic.partitions} partitions")
        elif count > topic.partitions:
            lines.append(
                f"drift {topic.name}: has {count} partitions, declared {topic.partitions}; left as is"
            )
    return lines


def _fit_config(client: Any, topics: Sequence[Wanted]) -> list[str]:
    if not topics:
        return []
    resources = [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in topics]
    found = client.describe_configs(resources, config_filter="all").get("topic", {})
    lines = []
    changes = []
    for topic in topics:
        values = {name: entry["value"] for name, entry in found.get(topic.name, {}).items()}
        differing = {name: value for name, value in topic.config.items() if values.get(name) != value}
        if differing:
            changes.append(ConfigResource(ConfigResourceType.TOPIC, topic.name, differing))
            shown = ", ".join(f"{name} {values.get(name)} -> {value}" for name, value in differing.items())
            lines.append(f"set {topic.name}: {shown}")
    if changes:
        for name, result in client.alter_configs(changes).get("topic", {}).items():
            if result != "OK":
                raise Unavailable("kafka", f"topic {name}: configuration not changed: {result}")
    return lines


def _replication_drift(
    topics: Sequence[Wanted], present: dict[str, list[Any]], replication_factor: int | None
) -> list[str]:
    if replication_factor is None:
        return []
    lines = []
    for topic in topics:
        counts = {len(partition["replica_nodes"]) for partition in present[topic.name]}
        if counts != {replication_factor}:
            lines.append(
                f"drift {topic.name}: has {sorted(counts)} replicas, wanted {replication_factor}; left as is"
            )
    return lines


def _ends(client: Any, topics: Iterable[str]) -> dict[Partition, int]:
    wanted = set(topics)
    partitions = [
        Partition(name, info["partition_index"])
        for name, infos in _present(client).items()
        if name in wanted
        for info in infos
    ]
    return _offsets(client, partitions, OffsetSpec.LATEST)


def _offsets(client: Any, partitions: Sequence[Partition], spec: Any) -> dict[Partition, int]:
    if not partitions:
        return {}
    answer = client.list_partition_offsets({TopicPartition(*p): spec for p in partitions})
    return {Partition(*p): found.offset for p, found in answer.items()}
