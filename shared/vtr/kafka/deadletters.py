"""Dead letters as operators see them: how many and why, one by one, and back to where they came from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from vtr.contracts.step import Unavailable
from vtr.kafka.admin import admin_client, list_topics
from vtr.kafka.burial import REPLAYED_HEADER, without_burial
from vtr.kafka.config import client_config
from vtr.kafka.delivery import Partition
from vtr.kafka.groups import committed_offsets, set_committed_offsets
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
    topics = [t for t in list_topics(settings) if t.startswith("vtr.") and t.endswith(_SUFFIX)]
    found: defaultdict[str, list[DeadLetter]] = defaultdict(list)
    for letter in _letters(settings, topics):
        found[letter.topic].append(letter)
    return [_summary(topic, found[topic]) for topic in sorted(found)]


def read_dead_letters(settings: KafkaSettings, topic: str, limit: int = 100) -> list[DeadLetter]:
    """The newest ``limit`` dead letters of a dead letter topic, oldest of them first.

    Raises ``ValueError`` when ``topic`` is no dead letter topic or does not exist, :class:`Unavailable` when
    no broker answers.
    """
    _check(settings, topic)
    letters = sorted(_letters(settings, [topic]), key=lambda letter: (letter.buried_at or _EPOCH, letter.id))
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
    letters = list(_letters(settings, [topic]))
    if ids is not None:
        unknown = set(ids) - {letter.id for letter in letters}
        if unknown:
            raise ValueError(f"ids: not in {topic}: {', '.join(sorted(unknown))}")
        letters = [letter for letter in letters if letter.id in set(ids)]
    chosen = [letter for letter in letters if again or not letter.replayed]
    if not chosen:
        return 0
    marks = _marks(settings)
    for letter in chosen:
        place, offset = _place(letter)
        marks[place] = marks.get(place, ReplayMarks()).mark(offset)
    if ids is None:
        # Retention and gaps may have eaten offsets between: all below the last one counts as replayed.
        for letter in letters:
            place, offset = _place(letter)
            marks[place] = marks.get(place, ReplayMarks()).mark_below(offset + 1)
    commits = {place: (mark.base, mark.metadata()) for place, mark in marks.items() if place.topic == topic}
    producer = EventProducer(settings, _SOURCE)
    try:
        for letter in chosen:
            headers = [*letter.headers, (REPLAYED_HEADER, str(letter.replays + 1).encode())]
            producer.send(letter.origin_topic, letter.key, letter.value, headers)
        producer.flush()
    finally:
        producer.close()
    with admin_client(settings) as client:
        set_committed_offsets(client, REPLAY_GROUP, commits)
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


def _letters(settings: KafkaSettings, topics: Sequence[str]) -> Iterator[DeadLetter]:
    marks = _marks(settings)
    for record in _records(settings, topics):
        place = Partition(record.topic, record.partition)
        yield _letter(record, marks.get(place, ReplayMarks()))


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


def _place(letter: DeadLetter) -> tuple[Partition, int]:
    partition, _, offset = letter.id.partition(":")
    return Partition(letter.topic, int(partition)), int(offset)


def _marks(settings: KafkaSettings) -> dict[Partition, ReplayMarks]:
    with admin_client(settings) as client:
        offsets = committed_offsets(client, REPLAY_GROUP)
    return {place: ReplayMarks.parse(found.offset, found.metadata) for place, found in offsets.items()}


def _records(settings: KafkaSettings, topics: Sequence[str]) -> Iterator[Any]:
    """All records of ``topics`` up to the end offsets of now."""
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
        partitions = [
            TopicPartition(topic, number)
            for topic in topics
            for number in sorted(consumer.partitions_for_topic(topic) or ())
        ]
        begins = consumer.beginning_offsets(partitions, timeout_ms=_TIMEOUT_MS)
        ends = consumer.end_offsets(partitions, timeout_ms=_TIMEOUT_MS)
        unread = {partition for partition in partitions if begins[partition] < ends[partition]}
        consumer.assign(sorted(unread))
        for partition in unread:
            consumer.seek(partition, begins[partition])
        while unread:
            for partition, records in consumer.poll(timeout_ms=500).items():
                yield from (record for record in records if record.offset < ends[partition])
            unread = {p for p in unread if consumer.position(p, timeout_ms=_TIMEOUT_MS) < ends[p]}
    except KafkaError as error:
        raise Unavailable("kafka", f"{', '.join(topics)}: {error!r}") from error
    finally:
        consumer.close(timeout_ms=1000)
