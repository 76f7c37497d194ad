"""Offsets in the client's types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kafka import OffsetAndMetadata, TopicPartition

from vtr.kafka.delivery import Partition
from vtr.kafka.offsets import Commit


def to_client(commits: Mapping[Partition, Commit]) -> dict[Any, Any]:
    """``commits`` as ``commit_async`` takes them."""
    return {TopicPartition(*p): OffsetAndMetadata(c.offset, "", -1) for p, c in commits.items()}
