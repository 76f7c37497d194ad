"""The HTTP side of a service: its own routes, metrics and probes, served by uvicorn in a thread."""

from __future__ import annotations

import threading
import time

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from vtr.observability.health import Health
from vtr.runtime.problems import HANDLERS
from vtr.runtime.settings import HttpSettings

START_TIMEOUT_S = 10.0
GRACEFUL_SHUTDOWN_S = 5


def build_app(name: str, health: Health, app: Starlette | None) -> Starlette:
    """``app`` with ``/metrics``, ``/livez``, ``/readyz`` and ``/healthz`` in front of its own routes."""

    def verdict(faults: dict[str, str]) -> Response:
        body = {"service": name, "ok": not faults, "faults": faults}
        return JSONResponse(body, status_code=503 if faults else 200)

    # Plain functions: Starlette runs them in its thread pool, so a slow check does not block the event loop.
    def livez(_request: Request) -> Response:
        return verdict(health.live())

    def readyz(_request: Request) -> Response:
        return verdict(health.ready())

    def healthz(_request: Request) -> Response:
        live, ready = health.live(), health.ready()
        body = {"service": name, "live": not live, "ready": not ready, "faults": {**ready, **live}}
        return JSONResponse(body, status_code=503 if live or ready else 200)

    def metrics(_request: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    routes: list[Route | Mount] = [
        Route("/livez", livez),
        Route("/readyz", readyz),
        Route("/healthz", healthz),
        Route("/metrics", metrics),
    ]
    if app is not None:
        routes.append(Mount("/", app=app))
    return Starlette(routes=routes, exception_handlers=HANDLERS)


class HttpServer:
    """uvicorn in a thread of its own; the main thread keeps the signals."""

    def __init__(self, app: Starlette, settings: HttpSettings) -> None:
        config = uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=GRACEFUL_SHUTDOWN_S,
        )
        self._server = uvicorn.Server(config)
        self._address = f"{settings.host}:{settings.port}"
        self._thread = threading.Thread(target=self._serve, name="http", daemon=True)
        self._exit: BaseException | None = None

    def _serve(self) -> None:
        try:
            self._server.run()
        except SystemExit as error:  # uvicorn exits when it cannot bind
            self._exit = error

    def start(self) -> None:
        """Raises ``OSError`` when the port cannot be bound."""
        self._thread.start()
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise OSError(f"http: cannot listen on {self._address}; is the port taken?")
            time.sleep(0.005)

    @property
    def port(self) -> int:
        """The port bound, also where 0 was asked for."""
        port: int = self._server.servers[0].sockets[0].getsockname()[1]
        return port

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=GRACEFUL_SHUTDOWN_S + 1)
