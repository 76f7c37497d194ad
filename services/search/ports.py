"""What the routes need from the outside, whatever provides it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from vtr.contracts.events import Event, QuerySubmitted


class Publisher(Protocol):
    """Publishes durably."""

    def publish(self, event: Event) -> None:
        """Returns once Kafka has the event. Blocks; raises ``Unavailable`` or ``Rejected``."""
        ...


@dataclass(frozen=True, slots=True)
class Reply:
    """Another service's HTTP answer."""

    status: int
    body: bytes
    media_type: str


class Ranking(Protocol):
    """Answers queries at once."""

    async def search(self, query: QuerySubmitted) -> Reply:
        """Raises ``Unavailable`` when ranking does not answer."""
        ...


class Recommendation(Protocol):
    """Makes feeds."""

    async def feed(self, tenant: str, user_id: str, k: int) -> Reply:
        """Raises ``Unavailable`` when recommendation does not answer."""
        ...
