"""A service's life: build, start, serve until told to stop or broken, drain, leave."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from pydantic import ValidationError
from starlette.applications import Starlette

from vtr import __version__
from vtr.contracts.step import Unavailable
from vtr.observability import logging as vtr_logging
from vtr.observability import metrics
from vtr.observability.health import Health, Watched
from vtr.runtime.http import HttpServer, build_app
from vtr.runtime.settings import ServiceSettings

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
_WATCH_INTERVAL_S = 0.2

S = TypeVar("S", bound=ServiceSettings)


class Loop(Watched, Protocol):
    """Work that goes on in threads of its own until it is stopped."""

    def start(self) -> None: ...

    def stop(self, timeout_s: float) -> None:
        """Stop intake, drain, flush, commit, close; returns within about ``timeout_s``."""
        ...


class Closeable(Protocol):
    def close(self) -> None: ...


@dataclass(frozen=True)
class Service:
    """What a service's wiring built. ``resources`` are closed last to first, after the loops."""

    name: str
    settings: ServiceSettings
    app: Starlette | None = None
    loops: Sequence[Loop] = ()
    resources: Sequence[Closeable] = ()
    ready_checks: Mapping[str, Callable[[], None]] = field(default_factory=dict)


def run(name: str, settings_type: type[S], build: Callable[[S], Service]) -> int:
    """Run a service until SIGTERM or SIGINT; the exit code says how it ended.

    0: stopped as asked. 1: it broke (a loop failed, a port was taken, a dependency stayed away at start).
    2: its settings are wrong.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        settings = settings_type()
    except ValidationError as error:
        for fault in error.errors():
            where = "__".join(str(part) for part in fault["loc"]).upper()
            sys.stderr.write(f"{name}: setting VTR_{where}: {fault['msg']}\n")
        return EXIT_USAGE
    vtr_logging.configure(name, settings.log)
    metrics.BUILD.info({"version": __version__, "service": name})
    log = vtr_logging.get_logger(name)
    began = time.monotonic()
    try:
        service = build(settings)
    except Unavailable as error:
        log.error("cannot start", dependency=error.dependency, reason=str(error))  # noqa: TRY400
        return EXIT_FAILED
    except Exception:
        log.exception("cannot start")
        return EXIT_FAILED
    log.info("built", seconds=round(time.monotonic() - began, 2))
    return _serve(service, stop)


def _serve(service: Service, stop: threading.Event) -> int:
    log = vtr_logging.get_logger(service.name)
    health = Health(service.loops, service.ready_checks)
    server = HttpServer(build_app(service.name, health, service.app), service.settings.http)
    code = EXIT_OK
    started: list[Loop] = []
    try:
        server.start()
        for loop in service.loops:
            loop.start()
            started.append(loop)
        health.started = True
        log.info("started", port=server.port)
        while not stop.wait(_WATCH_INTERVAL_S):
            failed = [loop for loop in service.loops if loop.failure() is not None]
            if failed:
                log.error("loop failed", loop=failed[0].name, error=repr(failed[0].failure()))
                code = EXIT_FAILED
                break
    except OSError as error:
        log.error("cannot start", reason=str(error))  # noqa: TRY400
        code = EXIT_FAILED
    finally:
        health.stopping = True
        log.info("stopping")
        deadline = time.monotonic() + service.settings.shutdown_grace_s
        for loop in started:
            try:
                loop.stop(max(0.0, deadline - time.monotonic()))
            except Exception:
                log.exception("loop did not stop cleanly", loop=loop.name)
                code = EXIT_FAILED
        server.stop()
        for resource in reversed(service.resources):
            try:
                resource.close()
            except Exception:
                log.exception("resource did not close", resource=type(resource).__name__)
        health.close()
        log.info("stopped", code=code)
    return code
