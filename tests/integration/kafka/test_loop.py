"""One member: order, batches, backpressure, faults, long work, graceful stop."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Sequence

import pytest

from support.consuming import Bench, RecordingStep, submitted, wait_until
from vtr.contracts.events import VideoStatus, VideoSubmitted
from vtr.contracts.step import Emit, Message, Unavailable

pytestmark = pytest.mark.kafka

Batch = Sequence[Message[VideoSubmitted]]


def test_each_key_is_handled_in_order_and_everything_is_committed(at: Bench) -> None:
    running: Counter[str] = Counter()
    overlaps: list[str] = []
    lock = threading.Lock()

    def work(batch: Batch) -> None:
        keys = {message.event.video_id for message in batch}
        with lock:
            overlaps.extend(key for key in keys if running[key])
            running.update(keys)
        with lock:
            running.subtract(keys)

    step = RecordingStep(work)
    at.publish(submitted(f"v{n % 7}", title=str(n)) for n in range(300))
    loop = at.loop(step, workers=4, max_batch=5)
    wait_until(lambda: len(step.ids) == 300, "all handled")
    assert overlaps == []
    for key in {f"v{n}" for n in range(7)}:
        titles = [int(m.event.title) for m in step.seen if m.event.video_id == key]
        assert titles == sorted(titles)
    wait_until(lambda: at.lag() == 0, "all committed")
    assert loop.failure() is None
    assert step.flushes > 0


def test_a_batch_gathers_records_of_several_partitions(at: Bench) -> None:
    step = RecordingStep()
    at.publish(submitted(f"v{n}") for n in range(40))
    at.loop(step, max_batch=40, linger_ms=30_000, max_in_flight=100)
    wait_until(lambda: len(step.ids) == 40, "all handled")
    assert len(step.batches) == 1
    assert len({partition for partition, _ in step.places}) > 1


def test_a_batch_that_does_not_fill_runs_after_its_linger(at: Bench) -> None:
    step = RecordingStep()
    at.publish([submitted("alone")])
    at.loop(step, max_batch=40, linger_ms=100)
    wait_until(lambda: step.ids == ["alone"], "the batch ran though it was not full")


def test_in_flight_never_exceeds_its_bounds_while_work_is_slow(at: Bench) -> None:
    gate = threading.Event()
    step = RecordingStep(lambda batch: gate.wait() and None)
    at.publish(submitted(f"v{n}", description="x" * 2000) for n in range(200))
    loop = at.loop(step, workers=2, max_in_flight=12, max_in_flight_bytes=20_000)
    highest_count = highest_size = 0

    def watch() -> None:
        nonlocal highest_count, highest_size
        load = loop._pipeline.load()
        highest_count, highest_size = max(highest_count, load.count), max(highest_size, load.size)

    def full() -> bool:
        watch()
        return loop.in_flight() >= 6

    wait_until(full, "fetching reached a bound")
    gate.set()

    def finished() -> bool:
        watch()
        return len(step.ids) == 200

    wait_until(finished, "all handled")
    assert highest_count <= 12
    assert highest_size <= 20_000
    assert Counter(step.places).most_common(1)[0][1] == 1


def test_a_record_larger_than_the_byte_bound_goes_through_alone(at: Bench) -> None:
    step = RecordingStep()
    at.publish([submitted("small-1"), submitted("huge", description="y" * 20_000), submitted("small-2")])
    at.loop(step, max_in_flight_bytes=1024)
    wait_until(lambda: sorted(step.ids) == ["huge", "small-1", "small-2"], "all handled")


def test_work_longer_than_the_poll_interval_neither_rebalances_nor_repeats(at: Bench) -> None:
    interval_ms = 3000
    slow = threading.Event()

    def work(batch: Batch) -> None:
        if batch[0].event.video_id == "long":
            slow.wait(interval_ms / 1000 * 2.5)

    step = RecordingStep(work)
    at.publish([submitted("long")])
    loop = at.loop(step, max_poll_interval_ms=interval_ms)
    wait_until(lambda: loop.assignment() != set(), "joined")
    generations = {p: loop._pipeline.generation(p) for p in loop.assignment()}
    wait_until(lambda: step.ids == ["long"], "the long work ended")
    at.publish([submitted("after")])
    wait_until(lambda: at.lag() == 0, "both committed")
    assert step.ids == ["long", "after"]
    assert {p: loop._pipeline.generation(p) for p in loop.assignment()} == generations


def test_a_transient_fault_is_waited_out_in_place_and_order_is_kept(at: Bench) -> None:
    away = threading.Event()
    away.set()
    tries: list[str] = []

    def work(batch: Batch) -> None:
        tries.append(batch[0].event.title)
        if away.is_set():
            raise Unavailable("milvus", "connection refused")

    step = RecordingStep(work)
    at.publish(submitted("v", title=str(n)) for n in range(5))
    loop = at.loop(step)
    wait_until(lambda: len(tries) >= 4, "several tries")
    assert set(tries) == {"0"}
    assert step.ids == []
    assert at.lag() == 5
    away.clear()
    wait_until(lambda: [m.event.title for m in step.seen] == list("01234"), "recovered in order")
    wait_until(lambda: at.lag() == 0, "all committed")
    assert loop.failure() is None


def test_a_blocked_partition_does_not_starve_the_others(at: Bench) -> None:
    blocked = threading.Event()

    def work(batch: Batch) -> None:
        if batch[0].event.video_id == "stuck" and not blocked.is_set():
            raise Unavailable("milvus", "shard away")

    step = RecordingStep(work)
    at.publish(submitted("stuck") for _ in range(50))
    at.publish(submitted(f"v{n}") for n in range(50))
    at.loop(step, workers=2, max_in_flight=16)
    stuck_in = at.partition_of("stuck")
    others = {f"v{n}" for n in range(50) if at.partition_of(f"v{n}") != stuck_in}
    wait_until(lambda: others <= set(step.ids), "the other partitions' records were handled")
    assert "stuck" not in step.ids
    blocked.set()
    wait_until(lambda: step.ids.count("stuck") == 50, "the blocked ones followed")


def test_a_graceful_stop_finishes_what_runs_commits_it_and_leaves_the_rest(at: Bench) -> None:
    entered, gate = threading.Event(), threading.Event()

    def work(batch: Batch) -> None:
        if batch[0].event.title == "3":
            entered.set()
            gate.wait()

    step = RecordingStep(work)
    at.publish(submitted("v", title=str(n)) for n in range(10))
    loop = at.loop(step, commit_interval_ms=3_600_000)
    wait_until(entered.is_set, "the fourth record runs")
    stopping = threading.Thread(target=loop.stop, args=(30.0,))
    stopping.start()
    wait_until(lambda: loop.in_flight() == 1, "the queue was given up")
    gate.set()
    stopping.join()
    assert [m.event.title for m in step.seen] == list("0123")
    assert at.lag() == 6
    successor = RecordingStep()
    at.loop(successor)
    wait_until(lambda: [m.event.title for m in successor.seen] == list("456789"), "the rest, and only that")


def test_a_stop_that_work_outlives_leaves_it_uncommitted(at: Bench) -> None:
    entered, gate = threading.Event(), threading.Event()

    def work(batch: Batch) -> None:
        entered.set()
        gate.wait()

    at.publish([submitted("v")])
    loop = at.loop(RecordingStep(work), drain_timeout_s=0.2)
    wait_until(entered.is_set, "it runs")
    loop.stop(5.0)
    assert at.lag() == 1
    gate.set()
    successor = RecordingStep()
    at.loop(successor)
    wait_until(lambda: successor.ids == ["v"], "it is repeated")


def test_a_stop_while_a_dependency_is_away_does_not_wait_for_it(at: Bench) -> None:
    tried = threading.Event()

    def work(batch: Batch) -> None:
        tried.set()
        raise Unavailable("milvus", "away")

    at.publish([submitted("v")])
    loop = at.loop(RecordingStep(work), retry_initial_s=3600, retry_max_s=3600)
    wait_until(tried.is_set, "it waits for an hour")
    loop.stop(20.0)
    assert not loop._thread.is_alive()
    assert at.lag() == 1


def test_what_a_step_emits_is_published_with_the_trace_of_its_cause(at: Bench) -> None:
    from vtr.kafka.tail import TopicTail

    def work(batch: Batch) -> Iterable[Emit]:
        for message in batch:
            status = VideoStatus(
                video_id=message.event.video_id,
                stage="received",
                submitted_at=message.event.submitted_at,
                updated_at=message.event.submitted_at,
            )
            yield Emit(status, message)

    heard: list[Message[VideoStatus]] = []
    tail = TopicTail(at.kafka, [VideoStatus], heard.append)  # type: ignore[arg-type]
    tail.start()
    try:
        wait_until(tail.ready.is_set, "the tail listens")
        step = RecordingStep(work)
        at.publish([submitted(f"{at.group}-v")])
        at.loop(step)
        wait_until(lambda: any(m.event.video_id == f"{at.group}-v" for m in heard), "the status came")
    finally:
        tail.stop(5.0)
    (message,) = [m for m in heard if m.event.video_id == f"{at.group}-v"]
    assert message.envelope.trace_id == step.seen[0].envelope.trace_id
    assert message.envelope.id != step.seen[0].envelope.id


def test_a_sink_that_cannot_flush_keeps_its_work_uncommitted(at: Bench) -> None:
    class Sink(RecordingStep):
        broken = True

        def flush(self) -> None:
            super().flush()
            if self.broken:
                raise Unavailable("milvus", "flush timed out")

    sink = Sink()
    at.publish([submitted("v")])
    loop = at.loop(sink)
    wait_until(lambda: sink.flushes >= 3, "several checkpoints tried")
    assert at.lag() == 1
    sink.broken = False
    wait_until(lambda: at.lag() == 0, "committed once the sink is well")
    assert sink.ids == ["v"]
    assert loop.failure() is None


def test_a_sink_that_breaks_ends_the_loop_uncommitted(at: Bench) -> None:
    class Sink(RecordingStep):
        def flush(self) -> None:
            raise RuntimeError("schema mismatch")

    at.publish([submitted("v")])
    loop = at.loop(Sink())
    wait_until(lambda: loop.failure() is not None, "the loop ends")
    assert "schema mismatch" in str(loop.failure())
    assert at.lag() == 1


def test_stalled_names_the_lag_when_nothing_completes(at: Bench) -> None:
    gate = threading.Event()
    step = RecordingStep(lambda batch: gate.wait() and None)
    at.publish(submitted(f"v{n}") for n in range(3))
    loop = at.loop(step, stalled_after_s=0.5)
    wait_until(lambda: loop.stalled() is not None, "the loop counts as stalled")
    assert "3 records wait" in str(loop.stalled())
    gate.set()
    wait_until(lambda: loop.stalled() is None, "it recovered")


def test_a_loop_starts_before_its_broker_answers_and_stops_meanwhile() -> None:
    from vtr.kafka.consumer import ConsumerLoop
    from vtr.local.ports import free_ports
    from vtr.runtime.settings import ConsumerSettings, KafkaSettings, ServiceSettings

    class Silent:
        failures = 0

    nowhere = KafkaSettings(bootstrap_servers=f"127.0.0.1:{free_ports(1)[0]}")
    settings = ServiceSettings(kafka=nowhere, consumer=ConsumerSettings(retry_initial_s=0.05))
    loop = ConsumerLoop("video_ingest", {VideoSubmitted: RecordingStep()}, settings, Silent())  # type: ignore[arg-type]
    loop.start()
    assert loop.failure() is None
    loop.stop(30.0)
    assert not loop._thread.is_alive()
    assert loop.failure() is None
