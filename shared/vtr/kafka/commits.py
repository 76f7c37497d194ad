"""Committing offsets without blocking the thread that polls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kafka import OffsetAndMetadata, TopicPartition

from vtr.kafka.delivery import Partition
from vtr.kafka.offsets import Commit


def send_commit(
    consumer: Any,
    commits: Mapping[Partition, Commit],
    committed: Callable[[Mapping[Partition, Commit]], None],
) -> Any:
    """Send ``commits`` and call ``committed`` with them, in the client's I/O thread, once Kafka took them.

    Returns the client's future, which resolves in any case. It may resolve without a commit: when the
    coordinator is unknown, the client returns the future of the look-up, and that has a value (a commit's is
    None). Then the caller sends again.
    """
    offsets = {TopicPartition(*p): OffsetAndMetadata(c.offset, "", -1) for p, c in commits.items()}
    future = consumer.commit_async(offsets)

    def resolved(value: object) -> None:
        if value is None:
            committed(commits)

    future.add_callback(resolved)
    return future
