"""Dead letters as operators see them: how many and why, one by one, and back to where they came from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.errors import KafkaError

from vtr.contracts.step import Unavailable
from vtr.kafka.admin import admin_client, list_topics
from vtr.kafka.burial import REPLAYED_HEADER, without_burial
from vtr.kafka.config import client_config
from vtr.kafka.producer import EventProducer
from vtr.kafka.replaymarks import ReplayMarks
from vtr.runtime.settings import KafkaSettings

REPLAY_GROUP = "vtr.dlq-replay"
"""Its committed offsets say what was replayed; it has no members."""

_SUFFIX = ".dlq"
_SOURCE = "vtr-dlq"
_TIMEOUT_MS = 10_000


class DeadLetterSummary(msgspec.Struct, frozen=True):
    """The dead letters of one group for one topic, by reason. ``oldest`` and ``newest``: when buried."""

    topic: str
    origin: str
    group: str
    count: int
    replayed: int
    codes: dict[str, int]
    oldest: datetime | None
    newest: datetime | None


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """One dead letter. ``id`` is ``partition:offset`` in the dead letter topic.

    ``headers`` are those of the original record; ``replays``, how often it came back after a replay.
    """

    id: str
    topic: str
    code: str
    reason: str
    stack: str
    buried_at: datetime | None
    service: str
    group: str
    origin_topic: str
    origin_partition: int
    origin_offset: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]
    replays: int
    replayed: bool


def list_dead_letters(settings: KafkaSettings) -> list[DeadLetterSummary]:
    """A summary for each dead letter topic that holds any, by name.

    Raises :class:`Unavailable` when no broker answers.
    """
    found = []
    for topic in list_topics(settings):
        if topic.startswith("vtr.") and topic.endswith(_SUFFIX):
            letters = list(_letters(settings, topic))
            if letters:
                found.append(_summary(topic, letters))
    return found


def read_dead_letters(settings: KafkaSettings, topic: str, limit: int = 100) -> list[DeadLetter]:
    """The newest ``limit`` dead letters of a dead letter topic, oldest of them first.

    Raises ``ValueError`` when ``topic`` is no dead letter topic or does not exist, :class:`Unavailable` when
    no broker answers.
    """
    _check(settings, topic)
    letters = sorted(_letters(settings, topic), key=lambda letter: (letter.buried_at or _EPOCH, letter.id))
    return letters[-limit:] if limit > 0 else []


def replay(
    settings: KafkaSettings, topic: str, ids: Collection[str] | None = None, *, again: bool = False
) -> int:
    """Publish dead letters to the topics they came from; how many were.

    ``ids`` None means all. What was replayed before is left out unless ``again``. A record keeps its key,
    value and headers, plus ``vtr_dlq_replayed`` with the number of its replays. All groups of the topic see
    it again, which their idempotence makes harmless. Raises ``ValueError`` for an unknown topic or id and
    :class:`Unavailable` when Kafka does not answer or did not take all; then nothing is marked as replayed.
    """
    _check(settings, topic)
    letters = list(_letters(settings, topic))
    if ids is not None:
        unknown = set(ids) - {letter.id for letter in letters}
        if unknown:
            raise ValueError(f"ids: not in {topic}: {', '.join(sorted(unknown))}")
        letters = [letter for letter in letters if letter.id in set(ids)]
    chosen = [letter for letter in letters if again or not letter.replayed]
    if not chosen:
        return 0
    marks = _marks(settings, topic)
    for letter in chosen:
        partition, offset = _place(letter.id)
        marks[partition] = marks.get(partition, ReplayMarks()).mark(offset)
    if ids is None:
        # Retention and gaps may have eaten offsets between: all below the last one counts as replayed.
        for letter in letters:
            partition, offset = _place(letter.id)
            marks[partition] = marks[partition].mark_below(offset + 1)
    metadata = {partition: mark.metadata() for partition, mark in marks.items()}
    producer = EventProducer(settings, _SOURCE)
    try:
        for letter in chosen:
            headers = [*letter.headers, (REPLAYED_HEADER, str(letter.replays + 1).encode())]
            producer.send(letter.origin_topic, letter.key, letter.value, headers)
        producer.flush()
    finally:
        producer.close()
    with admin_client(settings) as client:
        offsets = {
            TopicPartition(topic, partition): OffsetAndMetadata(mark.base, metadata[partition], -1)
            for partition, mark in marks.items()
        }
        for partition, error in client.alter_group_offsets(REPLAY_GROUP, offsets).items():
            if getattr(error, "errno", 0) != 0:
                raise Unavailable("kafka", f"{partition}: replayed, but not marked so: {error.__name__}")
    return len(chosen)


_EPOCH = datetime.fromtimestamp(0, UTC)


def _check(settings: KafkaSettings, topic: str) -> None:
    if not topic.endswith(_SUFFIX):
        raise ValueError(f"topic: {topic!r} is no dead letter topic (they end with {_SUFFIX})")
    if topic not in list_topics(settings):
        raise ValueError(f"topic: {topic!r} does not exist")


def _summary(topic: str, letters: list[DeadLetter]) -> DeadLetterSummary:
    times = [letter.buried_at for letter in letters if letter.buried_at is not None]
    return DeadLetterSummary(
        topic=topic,
        origin=letters[-1].origin_topic,
        group=letters[-1].group,
        count=len(letters),
        replayed=sum(letter.replayed for letter in letters),
        codes=dict(Counter(letter.code for letter in letters).most_common()),
        oldest=min(times, default=None),
        newest=max(times, default=None),
    )


def _letters(settings: KafkaSettings, topic: str) -> Iterator[DeadLetter]:
    marks = _marks(settings, topic)
    for record in _records(settings, topic):
        yield _letter(record, marks.get(record.partition, ReplayMarks()))


def _letter(record: Any, marks: ReplayMarks) -> DeadLetter:
    texts: defaultdict[str, str] = defaultdict(str)
    for name, value in record.headers:
        texts[name] = (value or b"").decode(errors="replace")
    buried_at = texts["vtr_dlq_time"]
    return DeadLetter(
        id=f"{record.partition}:{record.offset}",
        topic=record.topic,
        code=texts["vtr_dlq_reason_code"],
        reason=texts["vtr_dlq_reason"],
        stack=texts["vtr_dlq_stack"],
        buried_at=datetime.fromisoformat(buried_at) if buried_at else None,
        service=texts["vtr_dlq_service"],
        group=texts["vtr_dlq_group"],
        origin_topic=texts["vtr_dlq_topic"],
        origin_partition=int(texts["vtr_dlq_partition"] or -1),
        origin_offset=int(texts["vtr_dlq_offset"] or -1),
        key=record.key,
        value=record.value,
        headers=without_burial(record.headers),
        replays=int(texts[REPLAYED_HEADER] or 0),
        replayed=record.offset in marks,
    )


def _place(letter_id: str) -> tuple[int, int]:
    partition, _, offset = letter_id.partition(":")
    return int(partition), int(offset)


def _marks(settings: KafkaSettings, topic: str) -> dict[int, ReplayMarks]:
    with admin_client(settings) as client:
        offsets = client.list_group_offsets({REPLAY_GROUP: None}).get(REPLAY_GROUP, {})
    return {
        partition.partition: ReplayMarks.parse(committed.offset, committed.metadata)
        for partition, committed in offsets.items()
        if partition.topic == topic and committed.offset >= 0
    }


def _records(settings: KafkaSettings, topic: str) -> Iterator[Any]:
    """All records of a topic up to the end offsets of now."""
    try:
        consumer = KafkaConsumer(
            **client_config(settings, client_id=_SOURCE),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            allow_auto_create_topics=False,
        )
    except (KafkaError, OSError) as error:
        raise Unavailable("kafka", f"no broker at {settings.bootstrap_servers}: {error}") from error
    try:
        numbers = sorted(consumer.partitions_for_topic(topic) or ())
        partitions = [TopicPartition(topic, number) for number in numbers]
        consumer.assign(partitions)
        begins = consumer.beginning_offsets(partitions, timeout_ms=_TIMEOUT_MS)
        ends = consumer.end_offsets(partitions, timeout_ms=_TIMEOUT_MS)
        for partition, begin in begins.items():
            consumer.seek(partition, begin)
        while any(
            consumer.position(partition, timeout_ms=_TIMEOUT_MS) < ends[partition] for partition in ends
        ):
            for partition, records in consumer.poll(timeout_ms=500).items():
                yield from (record for record in records if record.offset < ends[partition])
    except KafkaError as error:
        raise Unavailable("kafka", f"{topic}: {error!r}") from error
    finally:
        consumer.close(timeout_ms=1000)
