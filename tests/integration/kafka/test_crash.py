"""Killed processes and a broker that goes away: nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.consuming import Bench, RecordingStep, bench, submitted, wait_until
from support.engines import kafka_cluster
from vtr.contracts.events import VideoSubmitted
from vtr.contracts.step import Message
from vtr.kafka.admin import apply_topics
from vtr.runtime.settings import KafkaSettings

pytestmark = pytest.mark.kafka

TESTS = Path(__file__).parents[2]


@contextmanager
def consumer_process(at: Bench, sink: Path, work_s: float) -> Iterator[subprocess.Popen[bytes]]:
    environment = os.environ | {"PYTHONPATH": f"{TESTS}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "support.consumer_process",
            at.kafka.bootstrap_servers,
            at.group,
            str(sink),
            str(work_s),
        ],
        env=environment,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def lines(sink: Path) -> list[str]:
    return sink.read_text().split() if sink.exists() else []


def test_kill_9_in_the_middle_loses_nothing_and_repeats_what_was_in_flight_at_most(
    at: Bench, tmp_path: Path
) -> None:
    total, killings = 400, 3
    sink = tmp_path / "done.txt"
    ids = [f"v{n}" for n in range(total)]
    at.publish(submitted(video_id) for video_id in ids)
    for round_number in range(killings):
        with consumer_process(at, sink, work_s=0.01) as process:
            enough = (round_number + 1) * 60
            wait_until(lambda: len(lines(sink)) >= enough, f"{enough} done")  # noqa: B023
            process.send_signal(signal.SIGKILL)
            process.wait()
    with consumer_process(at, sink, work_s=0.0) as process:
        wait_until(lambda: set(lines(sink)) == set(ids), "all done by the survivor")
        wait_until(lambda: at.lag() == 0, "all committed")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    repeats = sum(count - 1 for count in Counter(lines(sink)).values())
    # 32 in flight, and what two workers complete in a commit interval and a checkpoint.
    assert repeats <= killings * (32 + 64)


def test_sigterm_repeats_nothing(at: Bench, tmp_path: Path) -> None:
    sink = tmp_path / "done.txt"
    ids = [f"v{n}" for n in range(200)]
    at.publish(submitted(video_id) for video_id in ids)
    with consumer_process(at, sink, work_s=0.01) as process:
        wait_until(lambda: len(lines(sink)) >= 50, "under way")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert len(lines(sink)) == 200 - at.lag()
    with consumer_process(at, sink, work_s=0.0):
        wait_until(lambda: len(lines(sink)) >= 200, "the rest done")
    assert sorted(lines(sink)) == sorted(ids)


def test_a_broker_restart_in_the_middle_loses_nothing() -> None:
    with kafka_cluster() as cluster:
        apply_topics(KafkaSettings(bootstrap_servers=cluster.bootstrap_servers))
        with bench(cluster.bootstrap_servers) as at:
            gate = threading.Event()
            half = 50

            def work(batch: Sequence[Message[VideoSubmitted]]) -> None:
                if len(step.seen) >= half:
                    gate.wait()

            step = RecordingStep(work)
            at.publish(submitted(f"v{n}") for n in range(100))
            loop = at.loop(step, session_timeout_ms=6000)
            wait_until(lambda: len(step.seen) >= half, "half of it done")
            cluster.stop(grace_s=0)
            gate.set()
            # Published into the void: the producer keeps them until the broker is back.
            for n in range(100, 150):
                at.producer.publish(submitted(f"v{n}"))
            cluster.start(deadline_s=120.0)
            at.producer.flush(90.0)
            wait_until(lambda: set(step.ids) == {f"v{n}" for n in range(150)}, "all handled")
            wait_until(lambda: at.lag() == 0, "all committed")
            assert loop.failure() is None
