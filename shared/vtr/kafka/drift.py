"""Where the broker's topics differ from their declarations; changes nothing."""

from __future__ import annotations

from typing import Any

from kafka.admin import ConfigResource, ConfigResourceType

from vtr.contracts.topics import load_topics
from vtr.kafka.admin import Wanted, admin_client, wanted_topics
from vtr.runtime.settings import KafkaSettings


def topic_drift(settings: KafkaSettings, replication_factor: int | None = None) -> list[str]:
    """One line for each difference between declared topics (dead letters included) and the broker's.

    Replicas are compared only when ``replication_factor`` is given. Topics of vtr that nobody declares count.
    Raises :class:`~vtr.contracts.step.Unavailable` when no broker answers.
    """
    wanted = wanted_topics(load_topics().values())
    with admin_client(settings) as client:
        present = {topic["name"]: topic["partitions"] for topic in client.describe_topics()}
        there = [topic for topic in wanted if topic.name in present]
        lines = [f"{topic.name}: does not exist" for topic in wanted if topic.name not in present]
        for topic in there:
            lines += _shape(topic, present[topic.name], replication_factor)
        lines += _config(client, there)
    known = {topic.name for topic in wanted}
    lines += [f"{name}: is not declared" for name in sorted(present) if _ours(name) and name not in known]
    return lines


def _ours(name: str) -> bool:
    return name.startswith("vtr.")


def _shape(topic: Wanted, partitions: list[Any], replication_factor: int | None) -> list[str]:
    lines = []
    if len(partitions) != topic.partitions:
        lines.append(f"{topic.name}: has {len(partitions)} partitions, declared {topic.partitions}")
    replicas = sorted({len(partition["replica_nodes"]) for partition in partitions})
    if replication_factor is not None and replicas != [replication_factor]:
        lines.append(f"{topic.name}: has {replicas} replicas, wanted {replication_factor}")
    return lines


def _config(client: Any, topics: list[Wanted]) -> list[str]:
    if not topics:
        return []
    resources = [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in topics]
    found = client.describe_configs(resources, config_filter="all").get("topic", {})
    lines = []
    for topic in topics:
        values = {name: entry["value"] for name, entry in found.get(topic.name, {}).items()}
        lines += [
            f"{topic.name}: {name} is {values.get(name)}, declared {value}"
            for name, value in topic.config.items()
            if values.get(name) != value
        ]
    return lines
