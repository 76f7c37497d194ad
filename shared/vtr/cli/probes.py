"""Questions that ``vtr status`` asks of each part of the stack; each answer stands for itself."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from vtr.runtime.settings import KafkaSettings, MilvusSettings, RedisSettings

T = TypeVar("T")

HTTP_TIMEOUT_S = 5.0
COUNTED = 10_000
"""Dead letters of one topic that are looked at, at most."""


@dataclass
class ServiceHealth:
    """What a service's ``/healthz`` says; ``faults`` by loop or dependency."""

    name: str
    url: str
    live: bool = False
    ready: bool = False
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return self.live and self.ready


@dataclass
class EngineHealth:
    """Whether an engine answers; ``fault`` says why not."""

    name: str
    address: str
    ok: bool
    fault: str = ""


@dataclass
class Group:
    """A consumer group. ``lag`` in records; it and ``members`` are None where they could not be measured."""

    lag: int | None = None
    members: int | None = None
    state: str = "unknown"

    @property
    def abandoned(self) -> bool:
        """Whether records wait and nobody reads them."""
        return bool(self.lag) and self.members == 0


@dataclass
class KafkaReport:
    """Groups and dead letters."""

    groups: dict[str, Group] = field(default_factory=dict)
    dead_letters: dict[str, int] = field(default_factory=dict)
    """Those not replayed yet, by dead letter topic."""
    missing_topics: list[str] = field(default_factory=list)


@dataclass
class Collection:
    """A vector collection with the number of its clips."""

    name: str
    model: str
    modality: str
    dim: int
    live: bool
    clips: int


@dataclass
class Watermark:
    """Everything submitted before ``at`` is searchable; None before the first video."""

    at: datetime | None
    age_s: float | None


def at_once(*questions: Callable[[], T]) -> list[T]:
    """Ask all in threads of their own; the answers in order."""
    if not questions:
        return []
    with ThreadPoolExecutor(len(questions)) as pool:
        return [future.result() for future in [pool.submit(question) for question in questions]]


def probe_service(name: str, url: str) -> ServiceHealth:
    """Ask ``/healthz``."""
    import httpx

    health = ServiceHealth(name, url)
    try:
        answer = httpx.get(f"{url}/healthz", timeout=HTTP_TIMEOUT_S, trust_env=False)
        body = answer.json()
        health.live, health.ready = bool(body["live"]), bool(body["ready"])
        health.faults = {str(part): str(reason) for part, reason in body.get("faults", {}).items()}
    except httpx.HTTPError as error:
        health.faults = {"http": str(error) or type(error).__name__}
    except (ValueError, KeyError, TypeError, AttributeError):
        health.faults = {"http": "what answers there is not a service of vtr"}
    return health


def probe_kafka(kafka: KafkaSettings, groups: dict[str, str]) -> tuple[EngineHealth, KafkaReport]:
    """Whether a broker answers, and if so the lag of ``groups`` (by service) and the dead letters."""
    from vtr.cli.events import require_broker
    from vtr.contracts.step import Unavailable

    report = KafkaReport()
    try:
        require_broker(kafka)
        from vtr.kafka.admin import list_topics

        present = set(list_topics(kafka))
    except Unavailable as error:
        return EngineHealth("kafka", kafka.bootstrap_servers, ok=False, fault=str(error)), report
    from vtr.contracts.topics import load_topics

    report.missing_topics = sorted(set(load_topics()) - present)
    names = list(groups.values())
    report.groups = dict(zip(names, at_once(*(partial(_group, kafka, name) for name in names)), strict=True))
    with contextlib.suppress(Unavailable):
        report.dead_letters = _dead_letters(kafka, present)
    return EngineHealth("kafka", kafka.bootstrap_servers, ok=True), report


def _group(kafka: KafkaSettings, name: str) -> Group:
    from kafka.errors import KafkaError

    from vtr.contracts.step import Unavailable
    from vtr.kafka.admin import describe, group_lag

    group = Group()
    with contextlib.suppress(Unavailable, KafkaError):
        group.lag = sum(group_lag(kafka, name).values())
        info = describe(kafka, name)
        group.members, group.state = len(info.members), info.state
    return group


def _dead_letters(kafka: KafkaSettings, topics: set[str]) -> dict[str, int]:
    """How many dead letters wait, by topic: those that were replayed do not."""
    from vtr.kafka.admin import topic_ends
    from vtr.kafka.deadletters import read_dead_letters

    ends = topic_ends(kafka, [topic for topic in topics if topic.endswith(".dlq")])
    written = sorted({topic for (topic, _partition), end in ends.items() if end > 0})
    waiting = {
        topic: sum(not letter.replayed for letter in read_dead_letters(kafka, topic, limit=COUNTED))
        for topic in written
    }
    return {topic: count for topic, count in waiting.items() if count}


def probe_redis(redis: RedisSettings) -> tuple[EngineHealth, Watermark]:
    """Whether Redis answers, and the watermark that the indexer keeps there."""
    from redis.exceptions import RedisError

    from vtr.cache import keys
    from vtr.cache.client import connect
    from vtr.cli.stack import without_password

    address = without_password(redis.url.get_secret_value())
    try:
        client = connect(redis)
        client.ping()
        marks = client.hvals(keys.WATERMARK)
    except (RedisError, OSError, ValueError) as error:
        return EngineHealth("redis", address, ok=False, fault=str(error)), Watermark(None, None)
    return EngineHealth("redis", address, ok=True), watermark_of(marks)


def watermark_of(marks: Any) -> Watermark:
    """The least of the partitions' watermarks, RFC 3339 as bytes or text."""
    times = [datetime.fromisoformat(mark.decode() if isinstance(mark, bytes) else mark) for mark in marks]
    if not times:
        return Watermark(None, None)
    least = min(times)
    return Watermark(least, max(0.0, (datetime.now(UTC) - least).total_seconds()))


def probe_milvus(milvus: MilvusSettings) -> tuple[EngineHealth, list[Collection]]:
    """Whether Milvus answers, and its collections."""
    from vtr.cli.stack import without_password
    from vtr.contracts.step import Unavailable
    from vtr.vectors.milvus import MilvusStore

    address = without_password(milvus.uri)
    try:
        store = MilvusStore(milvus)
        try:
            store.ping()
            collections = [
                Collection(one.name, one.model, one.modality, one.dim, one.live, clips=store.count(one.name))
                for one in store.collections()
            ]
        finally:
            store.close()
    except Unavailable as error:
        return EngineHealth("milvus", address, ok=False, fault=str(error)), []
    return EngineHealth("milvus", address, ok=True), collections
