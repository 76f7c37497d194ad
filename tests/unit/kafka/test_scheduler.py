"""Batches keep each key's order and never run one key twice at once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vtr.kafka.delivery import Delivery, Partition
from vtr.kafka.scheduler import Batch, Scheduler

P = Partition("t", 0)
Q = Partition("t", 1)
OTHER = Partition("u", 0)


def delivery(
    offset: int, key: bytes | None = b"k", partition: Partition = P, generation: int = 1
) -> Delivery:
    return Delivery(partition, generation, offset, key, b"v", (), 10)


def offsets(batch: Batch | None) -> list[int]:
    return [] if batch is None else [d.offset for d in batch.deliveries]


def filled(*deliveries: Delivery, max_batch: int = 4, linger_s: float = 0.0) -> Scheduler:
    scheduler = Scheduler(max_batch=max_batch, linger_s=linger_s)
    for item in deliveries:
        scheduler.add(item, now=0.0)
    return scheduler


def test_a_batch_takes_the_oldest_in_order_up_to_its_size() -> None:
    scheduler = filled(*(delivery(i, bytes([i])) for i in range(6)), max_batch=4)
    assert offsets(scheduler.next(0.0)) == [0, 1, 2, 3]
    assert offsets(scheduler.next(0.0)) == [4, 5]
    assert scheduler.next(0.0) is None


def test_a_key_that_runs_is_not_started_again_while_others_are() -> None:
    scheduler = filled(delivery(0, b"a"), delivery(1, b"b"), delivery(2, b"a"), max_batch=1)
    first = scheduler.next(0.0)
    assert offsets(first) == [0]
    assert offsets(scheduler.next(0.0)) == [1]
    assert scheduler.next(0.0) is None
    assert first is not None
    scheduler.finish(first)
    assert offsets(scheduler.next(0.0)) == [2]


def test_the_same_key_in_two_partitions_is_one_key() -> None:
    scheduler = filled(delivery(0, b"a", P), delivery(0, b"a", Q), max_batch=1)
    assert scheduler.next(0.0) is not None
    assert scheduler.next(0.0) is None


def test_records_without_a_key_keep_the_order_of_their_partition() -> None:
    scheduler = filled(delivery(0, None), delivery(1, None), delivery(0, None, Q), max_batch=1)
    assert offsets(scheduler.next(0.0)) == [0]
    second = scheduler.next(0.0)
    assert second is not None
    assert second.deliveries[0].partition == Q
    assert scheduler.next(0.0) is None


def test_a_batch_mixes_partitions_but_never_topics() -> None:
    scheduler = filled(delivery(0, b"a", P), delivery(0, b"x", OTHER), delivery(0, b"b", Q))
    batch = scheduler.next(0.0)
    assert batch is not None
    assert [d.partition for d in batch.deliveries] == [P, Q]
    assert offsets(scheduler.next(0.0)) == [0]


def test_a_batch_lingers_to_fill_but_not_longer() -> None:
    scheduler = filled(delivery(0, b"a"), max_batch=2, linger_s=1.0)
    assert scheduler.next(0.5) is None
    assert scheduler.due_in(0.25) == 0.75
    assert offsets(scheduler.next(1.0)) == [0]


def test_a_full_batch_does_not_linger() -> None:
    scheduler = filled(delivery(0, b"a"), delivery(1, b"b"), max_batch=2, linger_s=60.0)
    assert offsets(scheduler.next(0.0)) == [0, 1]


def test_draining_ends_lingering() -> None:
    scheduler = filled(delivery(0, b"a"), max_batch=2, linger_s=60.0)
    scheduler.hurried = True
    assert offsets(scheduler.next(0.0)) == [0]


def test_nothing_is_due_while_all_keys_run() -> None:
    scheduler = filled(delivery(0), delivery(1), max_batch=1, linger_s=1.0)
    scheduler.next(5.0)
    assert scheduler.due_in(5.0) is None


def test_the_topic_that_waited_longest_goes_first() -> None:
    scheduler = filled(delivery(0, b"x", OTHER), delivery(0, b"a"), delivery(1, b"b"), max_batch=1)
    batch = scheduler.next(0.0)
    assert batch is not None
    assert batch.topic == "u"


def test_requeued_records_come_before_the_rest_in_their_order() -> None:
    scheduler = filled(*(delivery(i, b"a") for i in range(4)), max_batch=2)
    batch = scheduler.next(0.0)
    assert batch is not None
    scheduler.finish(batch)
    scheduler.requeue(batch.deliveries, 0.0)
    assert offsets(scheduler.next(0.0)) == [0, 1]


def test_drop_removes_a_partition_and_leaves_the_others() -> None:
    scheduler = filled(delivery(0, b"a", P), delivery(0, b"b", Q), delivery(1, b"c", P))
    assert [d.offset for d in scheduler.drop([P])] == [0, 1]
    assert scheduler.idle([P])
    assert not scheduler.idle([Q])


def test_trim_keeps_what_closes_a_gap_behind_started_work() -> None:
    # Key a blocks offset 1 while offset 2 (key b) has started: 1 must still run, 3 need not.
    scheduler = filled(
        delivery(0, b"a"), delivery(1, b"a"), delivery(2, b"b"), delivery(3, b"c"), max_batch=1
    )
    first = scheduler.next(0.0)
    assert offsets(scheduler.next(0.0)) == [2]
    assert [d.offset for d in scheduler.trim([P])] == [3]
    assert first is not None
    scheduler.finish(first)
    assert offsets(scheduler.next(0.0)) == [1]


def test_trim_takes_all_when_nothing_was_started_in_this_generation() -> None:
    scheduler = filled(delivery(9, generation=1))
    scheduler.next(0.0)
    scheduler.drop([P])
    scheduler.add(delivery(3, b"z", generation=2), now=0.0)
    assert [d.offset for d in scheduler.trim([P])] == [3]


def test_running_finds_the_batches_of_a_partition() -> None:
    scheduler = filled(delivery(0, b"a", P), delivery(0, b"b", Q), max_batch=1)
    mine, theirs = scheduler.next(0.0), scheduler.next(0.0)
    assert scheduler.running([P]) == [mine]
    assert scheduler.running([Q]) == [theirs]


keys = st.sampled_from([b"a", b"b", b"c", None])


@given(
    st.lists(st.tuples(keys, st.sampled_from([P, Q, OTHER])), max_size=60),
    st.integers(1, 5),
    st.data(),
)
def test_any_interleaving_runs_all_once_in_key_order(
    records: list[tuple[bytes | None, Partition]], max_batch: int, data: st.DataObject
) -> None:
    scheduler = Scheduler(max_batch=max_batch, linger_s=0.0)
    waiting = [delivery(i, key, partition) for i, (key, partition) in enumerate(records)]
    running: list[Batch] = []
    started: list[Delivery] = []
    while waiting or running or not scheduler.idle([P, Q, OTHER]):
        choice = data.draw(st.sampled_from(["add", "next", "finish"]))
        if choice == "add" and waiting:
            scheduler.add(waiting.pop(0), now=0.0)
        elif choice == "finish" and running:
            scheduler.finish(running.pop(data.draw(st.integers(0, len(running) - 1))))
        else:
            batch = scheduler.next(0.0)
            if batch is not None:
                assert 1 <= len(batch.deliveries) <= max_batch
                assert {d.partition.topic for d in batch.deliveries} == {batch.topic}
                busy = {d.order_key for other in running for d in other.deliveries}
                assert busy.isdisjoint({d.order_key for d in batch.deliveries})
                running.append(batch)
                started.extend(batch.deliveries)
            elif waiting and not running:
                scheduler.add(waiting.pop(0), now=0.0)
            elif running:
                scheduler.finish(running.pop(0))
    assert sorted(d.offset for d in started) == list(range(len(records)))
    for order_key in {d.order_key for d in started}:
        mine = [d.offset for d in started if d.order_key == order_key]
        assert mine == sorted(mine)
