"""Which offsets may be committed: the end of the completed contiguous prefix of each partition.

Work completes in any order; Kafka knows one number per partition. Committing anything but the end of the
prefix without a gap would lose the gap's records on a restart.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from vtr.kafka.delivery import Partition


@dataclass(frozen=True, slots=True)
class Commit:
    """An offset that may be committed, and the assignment under which it was earned."""

    generation: int
    offset: int


@dataclass(slots=True)
class _State:
    generation: int
    order: deque[int] = field(default_factory=deque)
    done: set[int] = field(default_factory=set)
    prefix_end: int | None = None
    committed: int | None = None


class OffsetTracker:
    """Tracks deliveries and completions. Not thread-safe; the caller locks."""

    def __init__(self) -> None:
        self._states: dict[Partition, _State] = {}
        self._generations = 0

    def assign(self, partition: Partition) -> int:
        """A new assignment of ``partition``; returns its generation, unique over all partitions."""
        self._generations += 1
        self._states[partition] = _State(self._generations)
        return self._generations

    def revoke(self, partition: Partition) -> None:
        """The partition left; later completions of its deliveries are ignored."""
        self._states.pop(partition, None)

    def assigned(self) -> set[Partition]:
        return set(self._states)

    def generation(self, partition: Partition) -> int | None:
        state = self._states.get(partition)
        return None if state is None else state.generation

    def is_current(self, partition: Partition, generation: int) -> bool:
        return self.generation(partition) == generation

    def deliver(self, partition: Partition, offset: int) -> None:
        """A record was taken in. Offsets rise within an assignment, possibly with gaps (compaction).

        Raises ``ValueError`` when the offset does not rise, ``KeyError`` when the partition is not assigned.
        """
        state = self._states[partition]
        if state.order and offset <= state.order[-1]:
            raise ValueError(f"{partition}: offset {offset} after {state.order[-1]}")
        if state.prefix_end is not None and offset < state.prefix_end:
            raise ValueError(f"{partition}: offset {offset} below the completed prefix {state.prefix_end}")
        if state.prefix_end is None:
            state.prefix_end = offset
            state.committed = offset
        state.order.append(offset)

    def complete(self, partition: Partition, generation: int, offset: int) -> bool:
        """A record is done; False when it belongs to an assignment that is over."""
        state = self._states.get(partition)
        if state is None or state.generation != generation:
            return False
        state.done.add(offset)
        while state.order and state.order[0] in state.done:
            first = state.order.popleft()
            state.done.discard(first)
            state.prefix_end = first + 1
        return True

    def committable(self, partitions: Iterable[Partition] | None = None) -> dict[Partition, Commit]:
        """For each partition whose prefix grew since its last commit, the end of the prefix."""
        chosen = self._states if partitions is None else partitions
        found = {}
        for partition in chosen:
            state = self._states.get(partition)
            if state is not None and state.prefix_end is not None and state.prefix_end != state.committed:
                found[partition] = Commit(state.generation, state.prefix_end)
        return found

    def outstanding(self, commits: Mapping[Partition, Commit]) -> dict[Partition, Commit]:
        """Those of ``commits`` that are of the present assignments and not committed yet."""
        found = {}
        for partition, commit in commits.items():
            state = self._states.get(partition)
            if (
                state is not None
                and state.generation == commit.generation
                and state.committed is not None
                and state.committed < commit.offset
            ):
                found[partition] = commit
        return found

    def committed(self, partition: Partition, commit: Commit) -> None:
        """Kafka took the commit."""
        state = self._states.get(partition)
        if state is None or state.generation != commit.generation:
            return
        if state.committed is None or commit.offset > state.committed:
            state.committed = commit.offset

    def position(self, partition: Partition) -> int | None:
        """Where a restart would go on; None before the assignment's first delivery."""
        state = self._states.get(partition)
        return None if state is None else state.committed

    def pending(self, partition: Partition) -> int:
        """Deliveries not completed, or completed behind a gap."""
        state = self._states.get(partition)
        return 0 if state is None else len(state.order)

    def rewind(self) -> dict[Partition, int]:
        """Forget all that is not committed: a new generation each, and the offset to fetch from again.

        Partitions that have delivered nothing yet keep their place and are not in the answer.
        """
        seeks = {}
        for partition, state in list(self._states.items()):
            if state.committed is not None:
                seeks[partition] = state.committed
            self.assign(partition)
        return seeks
