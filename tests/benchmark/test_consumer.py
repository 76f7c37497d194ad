"""Records a second: the consumer loop, with a step that does nothing, against a bare poll of the client."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable, Sequence

from kafka import KafkaConsumer

from support.comparing import compare
from support.consuming import PATIENCE_S, SERVICE, TOPIC, submitted
from vtr.contracts.events import VideoSubmitted
from vtr.contracts.step import Emit, Message, Rejected
from vtr.kafka.admin import admin_client, apply_topics, topic_ends
from vtr.kafka.config import client_config
from vtr.kafka.consumer import ConsumerLoop
from vtr.kafka.delivery import Partition
from vtr.kafka.groups import set_committed_offsets
from vtr.kafka.producer import EventProducer
from vtr.observability import logging
from vtr.runtime.settings import ConsumerSettings, KafkaSettings, LogSettings, ServiceSettings

RECORDS = 20_000


class _Count:
    """A step that notes when the first and the last of ``RECORDS`` came."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen = 0
        self.first = 0
        """How many were there before the clock ran."""
        self.began = 0.0
        self.ended = 0.0
        self.all = threading.Event()

    def handle(self, batch: Sequence[Message[VideoSubmitted]]) -> Iterable[Emit]:
        with self._lock:
            if not self._seen:
                self.began, self.first = time.perf_counter(), len(batch)
            self._seen += len(batch)
            if self._seen >= RECORDS:
                self.ended = time.perf_counter()
                self.all.set()
        return ()

    def rejected(self, message: Message[VideoSubmitted], error: Rejected) -> Iterable[Emit]:
        raise AssertionError(error)

    def flush(self) -> None:
        """Nothing waits."""


class _Topic:
    """``RECORDS`` submissions in a topic, and groups that stand right before them."""

    def __init__(self, address: str) -> None:
        self.kafka = KafkaSettings(bootstrap_servers=address)
        apply_topics(self.kafka)
        self._began = topic_ends(self.kafka, [TOPIC])
        self.producer = EventProducer(self.kafka, "benchmark")
        for number in range(RECORDS):
            self.producer.publish(submitted(f"v-{number}"))
        self.producer.flush()

    def group(self) -> str:
        name = f"vtr.benchmark-{uuid.uuid4().hex[:12]}"
        with admin_client(self.kafka) as client:
            before = {Partition(*where): (end, "") for where, end in self._began.items()}
            set_committed_offsets(client, name, before)
        return name

    def by_loop(self, max_batch: int) -> Callable[[], float]:
        limits = ConsumerSettings(max_batch=max_batch, max_in_flight=1024)
        settings = ServiceSettings(kafka=self.kafka, consumer=limits)

        def measure() -> float:
            step = _Count()
            loop = ConsumerLoop(SERVICE, {VideoSubmitted: step}, settings, self.producer, group=self.group())
            loop.start()
            try:
                assert step.all.wait(PATIENCE_S)
            finally:
                loop.stop(10.0)
            assert loop.failure() is None
            return (RECORDS - step.first) / (step.ended - step.began)

        return measure

    def by_client(self) -> float:
        """The bytes alone: nothing is decoded, retried, ordered by key or committed before the end."""
        consumer = KafkaConsumer(
            TOPIC,
            **client_config(self.kafka, "bare"),
            group_id=self.group(),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=1024,
        )
        began, ended, first, seen = 0.0, 0.0, 0, 0
        give_up = time.monotonic() + PATIENCE_S
        try:
            while seen < RECORDS:
                assert time.monotonic() < give_up
                found = sum(map(len, consumer.poll(timeout_ms=200).values()))
                ended = time.perf_counter()
                if found and not seen:
                    began, first = ended, found
                seen += found
            consumer.commit()
        finally:
            consumer.close()
        return (RECORDS - first) / (ended - began)


def test_consumer(kafka_bootstrap: str) -> None:
    logging.configure("benchmark", LogSettings(level="ERROR", format="console"))
    topic = _Topic(kafka_bootstrap)
    try:
        compare(
            f"Consume {RECORDS:,} video.submitted",
            "records/s",
            {
                "bare poll": topic.by_client,
                "loop, one by one": topic.by_loop(1),
                "loop, batches of 64": topic.by_loop(64),
            },
            to="bare poll",
            packages=("kafka-python",),
            repeats=3,
        )
    finally:
        topic.producer.close()
