"""The committable offset is the end of the completed prefix, whatever the order of completion."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtr.kafka.delivery import Partition
from vtr.kafka.offsets import Commit, OffsetTracker

P = Partition("t", 0)
Q = Partition("t", 1)


def offset_of(tracker: OffsetTracker, partition: Partition = P) -> int | None:
    commit = tracker.committable().get(partition)
    return None if commit is None else commit.offset


@st.composite
def runs(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """Rising offsets with gaps, and an order in which some of them complete."""
    steps = draw(st.lists(st.integers(1, 4), min_size=1, max_size=40))
    offsets = [sum(steps[: i + 1]) for i in range(len(steps))]
    order = draw(st.permutations(offsets))
    return offsets, list(order)[: draw(st.integers(0, len(offsets)))]


@given(runs())
def test_the_commit_never_passes_an_open_record_and_never_lags_behind_the_prefix(
    run: tuple[list[int], list[int]],
) -> None:
    offsets, completions = run
    tracker = OffsetTracker()
    generation = tracker.assign(P)
    for offset in offsets:
        tracker.deliver(P, offset)
    done: set[int] = set()
    for offset in completions:
        assert tracker.complete(P, generation, offset)
        done.add(offset)
        prefix = []
        for candidate in offsets:
            if candidate not in done:
                break
            prefix.append(candidate)
        assert offset_of(tracker) == (prefix[-1] + 1 if prefix else None)
        assert tracker.pending(P) == len(offsets) - len(prefix)


@given(runs(), st.data())
def test_completions_interleaved_with_deliveries_keep_the_rule(
    run: tuple[list[int], list[int]], data: st.DataObject
) -> None:
    offsets, _ = run
    tracker = OffsetTracker()
    generation = tracker.assign(P)
    open_offsets: list[int] = []
    waiting = list(offsets)
    while waiting or open_offsets:
        if waiting and (not open_offsets or data.draw(st.booleans())):
            open_offsets.append(waiting.pop(0))
            tracker.deliver(P, open_offsets[-1])
        else:
            tracker.complete(
                P, generation, open_offsets.pop(data.draw(st.integers(0, len(open_offsets) - 1)))
            )
        found = offset_of(tracker)
        if found is not None:
            assert all(offset >= found for offset in open_offsets)
    assert offset_of(tracker) == offsets[-1] + 1


def test_completions_of_an_assignment_that_is_over_are_ignored() -> None:
    tracker = OffsetTracker()
    old = tracker.assign(P)
    tracker.deliver(P, 5)
    tracker.revoke(P)
    assert not tracker.complete(P, old, 5)
    new = tracker.assign(P)
    tracker.deliver(P, 5)
    assert new != old
    assert not tracker.complete(P, old, 5)
    assert offset_of(tracker) is None
    assert tracker.complete(P, new, 5)
    assert offset_of(tracker) == 6


def test_generations_differ_between_partitions() -> None:
    tracker = OffsetTracker()
    assert tracker.assign(P) != tracker.assign(Q)


def test_what_is_committed_is_not_committable_again() -> None:
    tracker = OffsetTracker()
    generation = tracker.assign(P)
    tracker.deliver(P, 0)
    tracker.deliver(P, 1)
    tracker.complete(P, generation, 0)
    commits = tracker.committable()
    assert tracker.outstanding(commits) == commits
    tracker.committed(P, commits[P])
    assert tracker.committable() == {}
    assert tracker.outstanding(commits) == {}
    tracker.complete(P, generation, 1)
    assert tracker.committable() == {P: Commit(generation, 2)}


def test_a_commit_of_another_generation_counts_for_nothing() -> None:
    tracker = OffsetTracker()
    tracker.assign(P)
    tracker.deliver(P, 3)
    tracker.committed(P, Commit(generation=999, offset=50))
    assert tracker.position(P) == 3
    assert tracker.outstanding({P: Commit(generation=999, offset=50)}) == {}


def test_nothing_is_committable_before_the_first_completion() -> None:
    tracker = OffsetTracker()
    tracker.assign(P)
    assert tracker.position(P) is None
    tracker.deliver(P, 7)
    assert tracker.committable() == {}
    assert tracker.position(P) == 7


def test_committable_can_be_asked_for_some_partitions() -> None:
    tracker = OffsetTracker()
    for partition in (P, Q):
        generation = tracker.assign(partition)
        tracker.deliver(partition, 0)
        tracker.complete(partition, generation, 0)
    assert set(tracker.committable([Q, Partition("other", 0)])) == {Q}


def test_rewind_goes_back_to_the_last_commit_under_a_new_generation() -> None:
    tracker = OffsetTracker()
    generation = tracker.assign(P)
    tracker.assign(Q)
    for offset in (10, 11, 12):
        tracker.deliver(P, offset)
    tracker.complete(P, generation, 10)
    tracker.committed(P, Commit(generation, 11))
    tracker.complete(P, generation, 11)
    assert tracker.rewind() == {P: 11}
    assert tracker.committable() == {}
    assert not tracker.complete(P, generation, 12)
    tracker.deliver(P, 11)  # the same offsets may be delivered again


@pytest.mark.parametrize("offset", [4, 5])
def test_an_offset_that_does_not_rise_is_refused(offset: int) -> None:
    tracker = OffsetTracker()
    tracker.assign(P)
    tracker.deliver(P, 5)
    with pytest.raises(ValueError, match=f"offset {offset} after 5"):
        tracker.deliver(P, offset)
    with pytest.raises(KeyError):
        tracker.deliver(Q, 1)


def test_an_offset_below_the_completed_prefix_is_refused() -> None:
    tracker = OffsetTracker()
    generation = tracker.assign(P)
    tracker.deliver(P, 5)
    tracker.complete(P, generation, 5)
    with pytest.raises(ValueError, match="below the completed prefix 6"):
        tracker.deliver(P, 5)
