"""The shared state of the loop: admission, draining, requeueing, rewinding."""

from __future__ import annotations

from vtr.kafka.delivery import Delivery, Partition
from vtr.kafka.pipeline import Pipeline
from vtr.kafka.scheduler import Batch
from vtr.runtime.settings import ConsumerSettings

P, Q = Partition("t", 0), Partition("t", 1)


def pipeline(*partitions: Partition, **limits: int) -> Pipeline:
    made = Pipeline(ConsumerSettings(**limits))
    made.assign(partitions or (P,))
    return made


def put(made: Pipeline, offset: int, key: bytes = b"k", partition: Partition = P, size: int = 10) -> bool:
    generation = made.generation(partition)
    assert generation is not None
    return made.admit(Delivery(partition, generation, offset, key, b"v", (), size))


def take(made: Pipeline) -> Batch:
    batch = made.take()
    assert batch is not None
    return batch


def commits(made: Pipeline) -> dict[Partition, int]:
    return {partition: commit.offset for partition, commit in made.committable().items()}


def test_what_was_refused_is_not_tracked_and_can_come_again() -> None:
    made = pipeline(max_in_flight=2)
    assert put(made, 0, b"a")
    assert put(made, 1, b"b")
    assert not put(made, 2, b"c")
    assert made.to_pause([]) == {P}
    batch = take(made)
    made.finish(batch, batch.deliveries)
    assert put(made, 2, b"c")
    assert commits(made) == {P: 1}


def test_work_not_done_runs_again_before_what_follows() -> None:
    made = pipeline(max_batch=2)
    for offset in range(3):
        put(made, offset, bytes([offset]))
    batch = take(made)
    assert made.finish(batch, batch.deliveries[:1]) == 1
    assert [d.offset for d in take(made).deliveries] == [1, 2]
    assert commits(made) == {P: 1}


def test_a_drain_drops_the_queue_and_waits_for_what_runs() -> None:
    made = pipeline()
    for offset in range(3):
        put(made, offset, bytes([offset]))
    batch = take(made)
    made.begin_drain([P])
    assert batch.abandon.is_set()
    assert made.generation(P) is None
    assert not made.drained([P])
    assert made.load().count == 1
    assert made.to_pause([]) == {P}
    made.finish(batch, batch.deliveries)
    assert made.drained([P])
    assert commits(made) == {P: 1}
    assert made.release([P]) == 2
    assert made.assigned() == set()


def test_a_drain_of_one_partition_leaves_the_other_working() -> None:
    made = pipeline(P, Q, max_batch=2)
    put(made, 0, b"a", P)
    put(made, 0, b"b", Q)
    batch = take(made)
    made.begin_drain([P])
    made.finish(batch, [])  # given up while a dependency was away
    assert made.drained([P])
    assert [(d.partition, d.offset) for d in take(made).deliveries] == [(Q, 0)]


def test_completions_after_a_release_count_for_nothing() -> None:
    made = pipeline()
    put(made, 0)
    batch = take(made)
    made.release([P])
    made.assign([P])
    assert made.finish(batch, batch.deliveries) == 0
    assert commits(made) == {}
    assert made.load().count == 0


def test_a_released_batch_that_was_not_done_is_forgotten() -> None:
    made = pipeline()
    put(made, 0)
    batch = take(made)
    made.release([P])
    made.finish(batch, [])
    assert made.load().count == 0
    assert made.drained([P])


def test_rewind_repeats_from_the_last_commit_and_ignores_what_still_runs() -> None:
    made = pipeline()
    for offset in range(4):
        put(made, offset, bytes([offset]))
    first, second = take(made), take(made)
    made.finish(first, first.deliveries)
    made.committed(made.committable())
    made.finish(second, second.deliveries)
    running = take(made)
    assert made.rewind() == {P: 1}
    assert running.abandon.is_set()
    assert made.finish(running, running.deliveries) == 0
    assert made.load().count == 0
    assert put(made, 1, b"x")
    assert [d.offset for d in take(made).deliveries] == [1]


def test_take_ends_when_the_pipeline_closes() -> None:
    made = pipeline()
    made.close()
    assert made.take() is None
