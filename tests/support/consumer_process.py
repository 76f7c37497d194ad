"""A consumer as a process of its own, for tests that kill it: appends each video's id to a file.

Usage: python -m support.consumer_process BOOTSTRAP GROUP FILE WORK_SECONDS
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterable, Sequence

from vtr.contracts.events import VideoSubmitted
from vtr.contracts.step import Emit, Message, Rejected
from vtr.kafka.consumer import ConsumerLoop
from vtr.kafka.producer import EventProducer
from vtr.runtime.settings import ConsumerSettings, KafkaSettings, ServiceSettings


class AppendToFile:
    """A sink that is durable per record, as a database is."""

    def __init__(self, path: str, work_s: float) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._work_s = work_s

    def handle(self, batch: Sequence[Message[VideoSubmitted]]) -> Iterable[Emit]:
        for message in batch:
            time.sleep(self._work_s)
            os.write(self._file, message.event.video_id.encode() + b"\n")
        return []

    def rejected(self, message: Message[VideoSubmitted], error: Rejected) -> Iterable[Emit]:
        return []

    def flush(self) -> None:
        os.fsync(self._file)


def main() -> int:
    bootstrap, group, path, work_s = sys.argv[1:]
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    limits = ConsumerSettings(
        workers=2,
        max_in_flight=32,
        commit_interval_ms=100,
        session_timeout_ms=6000,
        max_poll_interval_ms=10_000,
    )
    settings = ServiceSettings(kafka=KafkaSettings(bootstrap_servers=bootstrap), consumer=limits)
    producer = EventProducer(settings.kafka, "video_ingest")
    step = AppendToFile(path, float(work_s))
    loop = ConsumerLoop("video_ingest", {VideoSubmitted: step}, settings, producer, group=group)
    loop.start()
    while not stop.wait(0.05):
        if loop.failure() is not None:
            return 1
    loop.stop(20.0)
    producer.close()
    return 0 if loop.failure() is None else 1


if __name__ == "__main__":
    raise SystemExit(main())
