"""A record on its way through the loop, and the partition it came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

RECORD_OVERHEAD_BYTES = 100
"""About what a record costs beside its key, value and headers (offset, timestamp, object)."""


class Partition(NamedTuple):
    """A topic's partition. Equal to, and hashed like, the client's ``TopicPartition``."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One record as it was fetched.

    ``generation`` tells assignments of one partition apart: what was fetched under an older one is ignored
    when it completes. ``size`` is in bytes, with key and headers.
    """

    partition: Partition
    generation: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    size: int

    @property
    def order_key(self) -> tuple[str, int, bytes | None]:
        """What keeps order: the key, wherever it lies; for records without one, their partition."""
        return (self.partition.topic, self.partition.partition if self.key is None else -1, self.key)


def record_size(key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]]) -> int:
    """Bytes that a record takes, about: key, value, headers and a constant."""
    size = RECORD_OVERHEAD_BYTES + len(key or b"") + len(value or b"")
    return size + sum(len(name) + len(value or b"") for name, value in headers)
