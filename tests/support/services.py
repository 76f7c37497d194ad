"""A whole service in this process: its own wiring, loops and HTTP side, on real engines."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx

from vtr.contracts.events import Event
from vtr.contracts.step import Message
from vtr.kafka.tail import TopicTail
from vtr.observability.health import Health
from vtr.runtime.http import HttpServer, build_app
from vtr.runtime.service import Service
from vtr.runtime.settings import KafkaSettings

WAIT_S = 60.0

E = TypeVar("E", bound=Event)


@contextmanager
def running(service: Service) -> Iterator[httpx.Client]:
    """Starts what :func:`vtr.runtime.service.run` starts, in its order; gives a client of the service's HTTP
    side once it is ready. The service's HTTP port setting must be 0.
    """
    health = Health(service.loops, service.ready_checks)
    server = HttpServer(build_app(service.name, health, service.app), service.settings.http)
    server.start()
    try:
        for loop in service.loops:
            loop.start()
        health.started = True
        with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=WAIT_S) as client:
            eventually(lambda: not health.ready(), "the service is ready", explain=health.ready)
            yield client
    finally:
        for loop in service.loops:
            loop.stop(10)
        server.stop()
        for resource in reversed(service.resources):
            resource.close()
        health.close()
    for loop in service.loops:
        assert loop.failure() is None, loop.name


def eventually(
    holds: Callable[[], Any], what: str, *, explain: Callable[[], Any] = lambda: "", wait_s: float = WAIT_S
) -> Any:
    """The first truthy result of ``holds``."""
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        if result := holds():
            return result
        time.sleep(0.02)
    raise AssertionError(f"within {wait_s:g} s, not: {what} {explain()}")


class Heard:
    """Events that a tail brought, in order of arrival."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: list[Event] = []

    def add(self, message: Message[Event]) -> None:
        with self._lock:
            self._events.append(message.event)

    def of(self, kind: type[E]) -> list[E]:
        with self._lock:
            return [event for event in self._events if isinstance(event, kind)]

    def wait(self, kind: type[E], count: int, where: Callable[[E], bool] = lambda _event: True) -> list[E]:
        """At least ``count`` events of ``kind`` that fulfil ``where``: other tests share the broker."""

        def found() -> list[E]:
            return [event for event in self.of(kind) if where(event)]

        eventually(
            lambda: len(found()) >= count,
            f"{count} {kind.__name__} events heard",
            explain=lambda: f"(heard {self._events})",
        )
        return found()


@contextmanager
def listening(kafka: KafkaSettings, events: Sequence[type[Event]]) -> Iterator[Heard]:
    """Hears ``events`` from now on."""
    heard = Heard()
    tail = TopicTail(kafka, events, heard.add)
    tail.start()
    try:
        assert tail.ready.wait(WAIT_S)
        yield heard
    finally:
        tail.stop(10)
