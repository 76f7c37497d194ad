"""Committed offsets of a group, read and set from outside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import stamina
from kafka import OffsetAndMetadata, TopicPartition
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    KafkaError,
    NotCoordinatorError,
)

from vtr.contracts.step import Unavailable
from vtr.kafka.delivery import Partition

T = TypeVar("T")

COORDINATOR_TIMEOUT_S = 20.0

_NOT_YET = (CoordinatorNotAvailableError, CoordinatorLoadInProgressError, NotCoordinatorError)


def with_coordinator(ask: Callable[[], T]) -> T:
    """The result of ``ask``, repeated while the group's coordinator is being found.

    A new broker has none until its offsets topic exists, and the first question is what creates it.
    """
    for attempt in stamina.retry_context(
        on=_NOT_YET, attempts=None, timeout=COORDINATOR_TIMEOUT_S, wait_max=1.0
    ):
        with attempt:
            return ask()
    raise AssertionError("unreachable: the last attempt returns or raises")


def committed_offsets(client: Any, group: str) -> dict[Partition, Any]:
    """The ``OffsetAndMetadata`` of each partition that ``group`` has committed."""
    found = with_coordinator(lambda: client.list_group_offsets({group: None})).get(group, {})
    return {Partition(*p): committed for p, committed in found.items() if committed.offset >= 0}


def set_committed_offsets(client: Any, group: str, offsets: Mapping[Partition, tuple[int, str]]) -> None:
    """Commit an offset and a text for each partition, for a group without members.

    Raises :class:`Unavailable` when Kafka refuses, for example because the group has members.
    """
    wanted = {TopicPartition(*p): OffsetAndMetadata(o, text, -1) for p, (o, text) in offsets.items()}
    if not wanted:
        return

    def commit() -> None:
        for partition, error in client.alter_group_offsets(group, wanted).items():
            if issubclass(error, _NOT_YET):
                raise error
            if issubclass(error, KafkaError) and error.errno != 0:
                raise Unavailable("kafka", f"{group} {tuple(partition)}: offset not set: {error.__name__}")

    with_coordinator(commit)
