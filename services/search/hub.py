"""Fans events out to the event streams of this process; a slow stream loses its oldest, not the others'."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from vtr.contracts.events import (
    ClipIndexed,
    Event,
    RecommendationUpdated,
    ResultsRanked,
    VideoStatus,
)
from vtr.observability.metrics import SSE_CLIENTS

QUEUE_SIZE = 256


@dataclass(frozen=True, slots=True)
class Interest:
    """What a stream wants: a tenant's videos, and the answers and feeds of one person or one query."""

    tenant: str
    user_id: str | None = None
    query_id: str | None = None

    def wants(self, event: Event) -> bool:
        """Answers and feeds are private to the person they are for, or to who knows the query's id."""
        if isinstance(event, VideoStatus):
            return event.tenant == self.tenant
        if isinstance(event, ClipIndexed):
            return event.video.tenant == self.tenant
        if isinstance(event, ResultsRanked):
            mine = self.user_id is not None and event.user_id == self.user_id
            return event.tenant == self.tenant and (mine or event.query_id == self.query_id)
        if isinstance(event, RecommendationUpdated):
            return event.tenant == self.tenant and event.user_id == self.user_id
        return False


class Subscription:
    """One stream. Iterate it in the event loop that it was made in."""

    def __init__(self, interest: Interest) -> None:
        self.interest = interest
        self._loop = asyncio.get_running_loop()
        self._events: deque[Event] = deque()
        self._missed = 0
        self._wake = asyncio.Event()
        self._closed = False

    def offer(self, event: Event) -> None:
        """From any thread."""
        self._call(self._add, event)

    def close(self) -> None:
        """From any thread: the stream ends after what it holds."""
        self._call(self._end)

    async def __aiter__(self) -> AsyncIterator[Event | int]:
        """Events; an int says how many were lost before the next because this stream was too slow."""
        while True:
            await self._wake.wait()
            if self._missed:
                missed, self._missed = self._missed, 0
                yield missed
            while self._events:
                yield self._events.popleft()
            if self._closed:
                return
            if not self._events and not self._missed:
                self._wake.clear()

    def _call(self, function: object, *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)  # type: ignore[arg-type]
        except RuntimeError:
            return  # The event loop is closed: nobody listens any more.

    def _add(self, event: Event) -> None:
        if len(self._events) >= QUEUE_SIZE:
            self._events.popleft()
            self._missed += 1
        self._events.append(event)
        self._wake.set()

    def _end(self) -> None:
        self._closed = True
        self._wake.set()


class Hub:
    """All open streams. A loop of the service, so that streams end before the HTTP server waits for them."""

    name = "event-streams"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[Subscription] = set()
        self._stopped = False

    @contextmanager
    def subscribe(self, interest: Interest) -> Iterator[Subscription]:
        """A stream for as long as the context lasts; call it in the event loop."""
        subscription = Subscription(interest)
        with self._lock:
            self._open.add(subscription)
            if self._stopped:
                subscription.close()
        SSE_CLIENTS.inc()
        try:
            yield subscription
        finally:
            SSE_CLIENTS.dec()
            with self._lock:
                self._open.discard(subscription)

    def publish(self, event: Event) -> None:
        """From any thread; never blocks."""
        with self._lock:
            wanting = [subscription for subscription in self._open if subscription.interest.wants(event)]
        for subscription in wanting:
            subscription.offer(event)

    def start(self) -> None:
        """Nothing to start: streams begin with their requests."""

    def stop(self, timeout_s: float) -> None:  # noqa: ARG002
        with self._lock:
            self._stopped = True
            closing = list(self._open)
        for subscription in closing:
            subscription.close()

    def failure(self) -> BaseException | None:
        return None

    def stalled(self) -> str | None:
        return None
