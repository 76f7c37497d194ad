"""Helpers for tests of the consumer loop on a real broker."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count as count_up
from typing import Any

from kafka.partitioner.default import murmur2

from support.services import eventually
from vtr.contracts.events import Event, VideoSubmitted
from vtr.contracts.step import Emit, Message, Rejected
from vtr.contracts.topics import consumer_group, load_topics
from vtr.kafka.admin import admin_client, topic_ends
from vtr.kafka.consumer import ConsumerLoop
from vtr.kafka.delivery import Partition
from vtr.kafka.groups import committed_offsets, set_committed_offsets
from vtr.kafka.producer import EventProducer
from vtr.runtime.settings import ConsumerSettings, KafkaSettings, ServiceSettings

TOPIC = VideoSubmitted.TYPE
SERVICE = "video_ingest"
PATIENCE_S = 90.0


def wait_until(reached: Callable[[], bool], what: str, timeout_s: float = PATIENCE_S) -> None:
    """Wait for a condition; fails the test when it does not come true."""
    eventually(reached, what, wait_s=timeout_s)


def submitted(video_id: str, **fields: Any) -> VideoSubmitted:
    return VideoSubmitted(
        video_id=video_id, uri="file:///clips/a.mp4", submitted_at=datetime.now(UTC), **fields
    )


@dataclass
class RecordingStep:
    """Records what it handles; ``work`` runs for each batch before that, and may raise or block."""

    work: Callable[[Sequence[Message[VideoSubmitted]]], Iterable[Emit] | None] = lambda batch: None
    seen: list[Message[VideoSubmitted]] = field(default_factory=list)
    batches: list[list[str]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    flushes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def handle(self, batch: Sequence[Message[VideoSubmitted]]) -> Iterable[Emit]:
        emits = self.work(batch) or []
        with self._lock:
            self.batches.append([message.event.video_id for message in batch])
            self.seen.extend(batch)
        return emits

    def rejected(self, message: Message[VideoSubmitted], error: Rejected) -> Iterable[Emit]:
        with self._lock:
            self.refused.append((message.event.video_id, error.code))
        return []

    def flush(self) -> None:
        with self._lock:
            self.flushes += 1

    @property
    def ids(self) -> list[str]:
        with self._lock:
            return [message.event.video_id for message in self.seen]

    @property
    def places(self) -> list[tuple[int, int]]:
        """Partition and offset of each message seen."""
        with self._lock:
            return [(m.origin.partition, m.origin.offset) for m in self.seen if m.origin is not None]


class Bench:
    """One group of its own on a shared broker: it starts at the present ends, so that tests never meet."""

    def __init__(self, address: str, topics: Sequence[str] = (TOPIC,)) -> None:
        self.kafka = KafkaSettings(bootstrap_servers=address)
        self.group = f"vtr.test-{uuid.uuid4().hex[:12]}"
        self.topics = topics
        self.producer = EventProducer(self.kafka, "bench")
        self._loops: list[ConsumerLoop] = []
        self._producers = [self.producer]
        with admin_client(self.kafka) as client:
            ends = topic_ends(self.kafka, topics)
            set_committed_offsets(client, self.group, {Partition(*p): (end, "") for p, end in ends.items()})
        self.began = ends

    def settings(self, **limits: Any) -> ServiceSettings:
        defaults: dict[str, Any] = {"commit_interval_ms": 100, "retry_initial_s": 0.05, "retry_max_s": 0.2}
        return ServiceSettings(kafka=self.kafka, consumer=ConsumerSettings(**(defaults | limits)))

    def loop(
        self,
        step: Any,
        *,
        events: Sequence[type[Event]] = (VideoSubmitted,),
        producer: EventProducer | None = None,
        **limits: Any,
    ) -> ConsumerLoop:
        """A loop that is started and stopped with the bench."""
        loop = ConsumerLoop(
            SERVICE,
            dict.fromkeys(events, step),
            self.settings(**limits),
            producer or self.producer,
            group=self.group,
        )
        self._loops.append(loop)
        loop.start()
        return loop

    def publish(self, events: Iterable[Event]) -> None:
        for event in events:
            self.producer.publish(event)
        self.producer.flush()

    def partition_of(self, video_id: str) -> int:
        """Where submissions of that video lie, under the default tenant."""
        key = submitted(video_id).key.encode()
        count = len([topic for topic, _ in self.began if topic == TOPIC])
        return int(murmur2(key) & 0x7FFFFFFF) % count

    def video_in(self, partition: int) -> str:
        """A video id whose submissions lie in that partition."""
        return next(name for n in count_up() if self.partition_of(name := f"v{n}") == partition)

    def committed(self) -> dict[tuple[str, int], int]:
        """The group's committed offsets."""
        with admin_client(self.kafka) as client:
            found = committed_offsets(client, self.group)
        return {(p.topic, p.partition): committed.offset for p, committed in found.items()}

    def lag(self) -> int:
        """Records of the bench's topics that the group has not committed."""
        ends = topic_ends(self.kafka, self.topics)
        committed = self.committed()
        return sum(end - committed[partition] for partition, end in ends.items())

    def close(self) -> None:
        for loop in self._loops:
            loop.stop(10.0)
        for producer in self._producers:
            producer.close()


def skip_backlog(kafka: KafkaSettings) -> None:
    """Move the group of every service to the present ends; none may be running."""
    with admin_client(kafka) as client:
        for service in {service for spec in load_topics().values() for service in spec.consumers}:
            topics = [name for name, spec in load_topics().items() if service in spec.consumers]
            ends = {Partition(*p): (end, "") for p, end in topic_ends(kafka, topics).items()}
            set_committed_offsets(client, consumer_group(service), ends)


@contextmanager
def bench(address: str, topics: Sequence[str] = (TOPIC,)) -> Iterator[Bench]:
    made = Bench(address, topics)
    try:
        yield made
    finally:
        made.close()
