"""Topics as data: one YAML file each, with who produces, who consumes and how the topic is created."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Annotated, Literal

import msgspec
import yaml

from vtr.contracts.events import EVENTS

DAY_MS = 24 * 60 * 60 * 1000


class TopicSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One topic. ``retention_days`` 0 means forever; ``key`` names the ordering unit.

    ``consumers`` read it in their group: their lag counts, and what they cannot handle is dead-lettered.
    ``readers`` read all of it without a group, in each instance.
    """

    name: Annotated[str, msgspec.Meta(pattern=r"^vtr(\.[a-z]+){2}\.v[0-9]+$")]
    says: str
    key: Literal["tenant/video_id", "query_id", "tenant/user_id"]
    partitions: Annotated[int, msgspec.Meta(ge=1)]
    retention_days: Annotated[int, msgspec.Meta(ge=0)]
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    readers: tuple[str, ...] = ()
    cleanup: Literal["delete", "compact"] = "delete"
    max_message_bytes: Annotated[int, msgspec.Meta(ge=1024)] = 1024 * 1024

    @property
    def receivers(self) -> tuple[str, ...]:
        """Every service that reads it, in a group or without."""
        return (*self.consumers, *(service for service in self.readers if service not in self.consumers))

    @property
    def config(self) -> dict[str, str]:
        """The topic's settings as Kafka names them."""
        settings = {
            "cleanup.policy": self.cleanup,
            "max.message.bytes": str(self.max_message_bytes),
            "compression.type": "producer",
        }
        if self.cleanup == "delete":
            settings["retention.ms"] = str(self.retention_days * DAY_MS if self.retention_days else -1)
        else:
            settings["min.cleanable.dirty.ratio"] = "0.1"
        return settings


@cache
def load_topics() -> dict[str, TopicSpec]:
    """All topics by name.

    Raises ``ValueError`` naming the file when one is malformed or a topic has no event of its name.
    """
    topics: dict[str, TopicSpec] = {}
    for file in sorted(resources.files("vtr.contracts").joinpath("topics").iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".yaml"):
            continue
        try:
            spec = msgspec.convert(yaml.safe_load(file.read_text()), TopicSpec)
        except (msgspec.ValidationError, yaml.YAMLError) as error:
            raise ValueError(f"topics/{file.name}: {error}") from error
        if file.name != f"{spec.name}.yaml":
            raise ValueError(f"topics/{file.name}: declares {spec.name}")
        topics[spec.name] = spec
    if topics.keys() != EVENTS.keys():
        raise ValueError(f"topics and events differ: {sorted(topics.keys() ^ EVENTS.keys())}")
    return topics


def consumer_group(service: str) -> str:
    """The consumer group of a service, e.g. ``vtr.indexer``."""
    return f"vtr.{service}"


def dead_letter_topic(topic: str, group: str) -> str:
    """Where ``group`` puts what it cannot handle of ``topic``."""
    return f"{topic}.{group}.dlq"


def dead_letter_spec(topic: TopicSpec, service: str) -> TopicSpec | None:
    """The dead letter topic of a consuming service as a spec; None when the service does not consume it."""
    if service not in topic.consumers:
        return None
    return msgspec.structs.replace(
        topic,
        says=f"What {service} could not handle of {topic.name}.",
        partitions=1,
        retention_days=30,
        producers=(service,),
        consumers=(),
        readers=(),
        cleanup="delete",
    )
