"""A service's life, in a process of its own: signals, exit codes and probes are the process's."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

PROGRAM = textwrap.dedent(
    """
    import sys, threading
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route
    from vtr.contracts.step import Rejected, Unavailable
    from vtr.runtime.problems import HANDLERS
    from vtr.runtime.service import Service, run
    from vtr.runtime.settings import ServiceSettings

    mode = sys.argv[1]
    broken = threading.Event()

    class Loop:
        name = "work"
        def start(self): print("loop started", flush=True)
        def stop(self, timeout_s): print("loop stopped", timeout_s > 0, flush=True)
        def failure(self): return RuntimeError("worker died") if broken.is_set() else None
        def stalled(self): return "no progress for 600 s with lag 7" if mode == "stalled" else None

    class Resource:
        def close(self): print("resource closed", flush=True)

    def fail(_request):
        broken.set()
        return PlainTextResponse("breaking")

    def reject(_request): raise Rejected("source-not-found", "uri: no such file")
    def down(_request): raise Unavailable("milvus", "connection refused")

    def check():
        if mode == "not-ready":
            raise Unavailable("redis", "connection refused")

    def build(settings):
        if mode == "unavailable":
            raise Unavailable("kafka", "127.0.0.1:1: connection refused")
        routes = [Route("/fail", fail), Route("/reject", reject), Route("/down", down)]
        app = Starlette(routes=routes, exception_handlers=HANDLERS)
        return Service(name="demo", settings=settings, app=app, loops=[Loop()], resources=[Resource()],
                       ready_checks={"redis": check})

    raise SystemExit(run("demo", ServiceSettings, build))
    """
)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _service(
    mode: str, tmp_path: Path, port: int | None = None, **env: str
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    port = port or _free_port()
    process = subprocess.Popen(
        [sys.executable, str(program), mode],
        env=os.environ | {"VTR_HTTP__PORT": str(port), "VTR_HTTP__HOST": "127.0.0.1"} | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _wait_for(url: str, process: subprocess.Popen[str]) -> httpx.Response:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return httpx.get(url)
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail(f"{url} does not answer: {process.communicate()[0]}")


def test_sigterm_stops_loops_then_closes_resources_and_exits_0(tmp_path: Path) -> None:
    with _service("fine", tmp_path) as (process, url):
        assert _wait_for(f"{url}/livez", process).status_code == 200
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert out.index("loop started") < out.index("loop stopped True") < out.index("resource closed")


def test_a_failed_loop_ends_the_process_with_1(tmp_path: Path) -> None:
    with _service("fine", tmp_path) as (process, url):
        _wait_for(f"{url}/fail", process)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "worker died" in out
    assert "resource closed" in out


def test_readiness_names_the_dependency_and_liveness_does_not_care(tmp_path: Path) -> None:
    with _service("not-ready", tmp_path) as (process, url):
        _wait_for(f"{url}/livez", process)
        ready = httpx.get(f"{url}/readyz")
        assert ready.status_code == 503
        assert "connection refused" in ready.json()["faults"]["redis"]
        assert httpx.get(f"{url}/livez").status_code == 200
        health = httpx.get(f"{url}/healthz").json()
        assert (health["live"], health["ready"]) == (True, False)


def test_a_stalled_loop_fails_liveness_with_the_reason(tmp_path: Path) -> None:
    with _service("stalled", tmp_path) as (process, url):
        answer = _wait_for(f"{url}/livez", process)
        assert answer.status_code == 503
        assert answer.json()["faults"] == {"work": "no progress for 600 s with lag 7"}


def test_metrics_and_problem_documents(tmp_path: Path) -> None:
    with _service("fine", tmp_path) as (process, url):
        _wait_for(f"{url}/livez", process)
        assert "vtr_build_info" in httpx.get(f"{url}/metrics").text
        rejected = httpx.get(f"{url}/reject")
        assert rejected.headers["content-type"] == "application/problem+json"
        assert rejected.json() == {
            "type": "urn:vtr:problem:source-not-found",
            "title": "Not Found",
            "status": 404,
            "detail": "uri: no such file",
        }
        down = httpx.get(f"{url}/down")
        assert (down.status_code, down.json()["dependency"]) == (503, "milvus")
        assert httpx.get(f"{url}/nowhere").status_code == 404


def test_a_taken_port_is_told_and_ends_with_1(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with _service("fine", tmp_path, port=port) as (process, _url):
            out, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in out


def test_an_absent_dependency_at_start_is_one_line_not_a_traceback(tmp_path: Path) -> None:
    with _service("unavailable", tmp_path) as (process, _url):
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "kafka: 127.0.0.1:1: connection refused" in out
    assert "Traceback" not in out


def test_a_wrong_setting_is_named_as_its_variable(tmp_path: Path) -> None:
    with _service("fine", tmp_path, VTR_CONSUMER__WORKERS="none") as (process, _url):
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "VTR_CONSUMER__WORKERS" in out
    assert "Traceback" not in out
