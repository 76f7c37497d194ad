"""The laptop stack as one: real engines, small processes for services, a real detached supervisor."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

import support
from vtr.local.config import EnginePorts, StackConfig
from vtr.local.control import StackFailed, start_detached, stop_running
from vtr.local.ports import free_ports
from vtr.local.preflight import PreflightError
from vtr.local.services import ServiceSpec
from vtr.local.stack import Stack
from vtr.local.state import ProcessState, StackState, load_state

_MODULE = "support.tiny_service"


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the supervisor and its children import the small service."""
    tests = Path(next(iter(support.__path__))).parent
    monkeypatch.setenv("PYTHONPATH", str(tests))


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A data folder on which nothing runs afterwards."""
    folder = tmp_path / "vtr"
    yield folder
    stop_running(folder, purge=True)


def _config(data_dir: Path, **fields: object) -> StackConfig:
    kafka, controller, redis, milvus, search, ranking = free_ports(6)
    services = (
        ServiceSpec(name="search", module=_MODULE, port=search),
        ServiceSpec(name="ranking", module=_MODULE, port=ranking),
    )
    ports = EnginePorts(kafka=kafka, kafka_controller=controller, redis=redis, milvus=milvus)
    return StackConfig(**{"data_dir": data_dir, "ports": ports, "services": services, **fields})  # type: ignore[arg-type]


def _without_engines(data_dir: Path, kafka: str, redis: str, milvus: str, **fields: object) -> StackConfig:
    return _config(data_dir, kafka=kafka, redis=redis, milvus=milvus, **fields)


def _eventually(what: Callable[[], bool], patience_s: float = 180.0) -> None:
    give_up = time.monotonic() + patience_s
    while not what():
        assert time.monotonic() < give_up, "it did not come about"
        time.sleep(0.1)


def _process(data_dir: Path, name: str) -> ProcessState:
    state = load_state(data_dir)
    assert state is not None
    return next(process for process in state.processes if process.name == name)


def _pids(state: StackState) -> list[int]:
    return [process.pid for process in state.processes if process.pid is not None]


def test_up_finds_all_ready_and_down_leaves_nothing(data_dir: Path) -> None:
    config = _config(data_dir)
    state = start_detached(config)
    assert state.running()
    assert {p.name for p in state.processes} == {"kafka", "redis", "milvus", "search", "ranking"}
    assert {p.condition for p in state.processes} == {"ready"}
    assert all(process.alive() for process in state.processes)

    env = httpx.get(f"{config.services[0].url}/env").json()
    assert env["VTR_KAFKA__BOOTSTRAP_SERVERS"] == state.addresses["kafka"]
    assert env["VTR_MILVUS__URI"] == state.addresses["milvus"]
    assert env["VTR_RANKING_URL"] == config.services[1].url
    assert env["VTR_OBJECTS__URI"] == f"file://{data_dir}/objects"

    from kafka.admin import KafkaAdminClient

    admin = KafkaAdminClient(bootstrap_servers=state.addresses["kafka"])
    assert "vtr.video.submitted.v1" in admin.list_topics()
    admin.close()

    report = stop_running(data_dir)
    assert report.was_running
    assert not report.killed
    assert report.left_behind == ()
    assert not any(process.alive() for process in state.processes)
    assert load_state(data_dir) is None
    assert (data_dir / "kafka").is_dir()

    again = start_detached(config)
    assert again.running()
    purged = stop_running(data_dir, purge=True)
    assert data_dir / "kafka" in purged.purged
    assert not data_dir.exists()


def test_no_orphan_when_the_supervisor_is_killed(data_dir: Path) -> None:
    state = start_detached(_config(data_dir))
    os.kill(state.supervisor_pid, signal.SIGKILL)
    _eventually(lambda: not any(process.alive() for process in state.processes))
    # The file of the killed one stays; it says that it does not run, and down tidies up.
    left = load_state(data_dir)
    assert left is not None
    assert not left.running()
    assert not stop_running(data_dir).was_running
    assert load_state(data_dir) is None
    assert start_detached(_config(data_dir)).running()


def test_down_ends_a_process_that_outlived_its_supervisor(
    data_dir: Path, kafka_bootstrap: str, redis_url: str, milvus_lite_uri: str
) -> None:
    stray = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    born = psutil.Process(stray.pid).create_time()
    pid_file = data_dir / "services" / "search" / "pid.json"
    pid_file.parent.mkdir(parents=True)
    pid_file.write_text(f'{{"pid": {stray.pid}, "create_time": {born!r}, "stop_signal": 15, "grace_s": 5}}')
    report = stop_running(data_dir)
    assert report.left_behind == (stray.pid,)
    assert stray.wait(10) == -signal.SIGTERM


def test_a_dead_service_is_started_again(
    data_dir: Path, kafka_bootstrap: str, redis_url: str, milvus_lite_uri: str
) -> None:
    config = _without_engines(data_dir, kafka_bootstrap, redis_url, milvus_lite_uri)
    state = start_detached(config)
    assert [process.kind for process in state.processes] == ["service", "service"]
    assert state.addresses["kafka"] == kafka_bootstrap
    before = _process(data_dir, "search")
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"{config.services[0].url}/die")
    _eventually(lambda: _process(data_dir, "search").restarts == 1)
    _eventually(lambda: _process(data_dir, "search").condition == "ready")
    after = _process(data_dir, "search")
    assert after.pid != before.pid
    assert httpx.get(f"{config.services[0].url}/readyz").status_code == 200
    assert "ended with exit code 7" in (data_dir / "logs" / "supervisor.log").read_text()


def test_a_service_that_runs_but_does_not_live_is_started_again(
    data_dir: Path, kafka_bootstrap: str, redis_url: str, milvus_lite_uri: str
) -> None:
    config = _without_engines(data_dir, kafka_bootstrap, redis_url, milvus_lite_uri, livez_every_s=0.2)
    start_detached(config)
    before, other = _process(data_dir, "search"), _process(data_dir, "ranking")
    httpx.get(f"{config.services[0].url}/break").raise_for_status()
    _eventually(lambda: _process(data_dir, "search").restarts == 1)
    _eventually(lambda: _process(data_dir, "search").condition == "ready")
    after = _process(data_dir, "search")
    assert after.pid != before.pid
    assert not before.alive()
    assert httpx.get(f"{config.services[0].url}/livez").status_code == 200
    log = (data_dir / "logs" / "supervisor.log").read_text()
    assert "search is not live (/livez says 503" in log
    assert "no progress with lag" in log
    assert _process(data_dir, "ranking") == other


def test_a_service_that_hangs_is_killed_and_started_again(
    data_dir: Path, kafka_bootstrap: str, redis_url: str, milvus_lite_uri: str
) -> None:
    config = _without_engines(
        data_dir, kafka_bootstrap, redis_url, milvus_lite_uri, livez_every_s=0.2, livez_failures=1
    )
    start_detached(config)
    before = _process(data_dir, "search")
    assert before.pid is not None
    os.kill(before.pid, signal.SIGSTOP)  # the kernel still accepts its connections
    _eventually(lambda: _process(data_dir, "search").restarts == 1)
    _eventually(lambda: _process(data_dir, "search").condition == "ready")
    assert not before.alive()
    assert "/livez does not answer within" in (data_dir / "logs" / "supervisor.log").read_text()


def test_a_crash_loop_is_reported(
    data_dir: Path, kafka_bootstrap: str, redis_url: str, milvus_lite_uri: str
) -> None:
    config = _without_engines(data_dir, kafka_bootstrap, redis_url, milvus_lite_uri)
    start_detached(config)
    deadline = time.monotonic() + 240
    while _process(data_dir, "search").condition != "crash-looping":
        assert time.monotonic() < deadline, "no crash loop was reported"
        if _process(data_dir, "search").condition == "ready":
            with pytest.raises(httpx.HTTPError):
                httpx.get(f"{config.services[0].url}/die")
        time.sleep(0.2)
    assert _process(data_dir, "search").detail == "ended with exit code 7"
    assert _process(data_dir, "ranking").condition == "ready"
    assert "search is in a crash loop" in (data_dir / "logs" / "supervisor.log").read_text()


def test_a_service_that_cannot_start_stops_the_start_with_its_words(
    data_dir: Path, kafka_bootstrap: str, redis_url: str, milvus_lite_uri: str
) -> None:
    config = _without_engines(data_dir, kafka_bootstrap, redis_url, milvus_lite_uri, env={"TINY_DIE": "1"})
    with pytest.raises(StackFailed, match=r"ended with exit code 3(?s:.*)tiny service cannot go on"):
        start_detached(config)
    state = load_state(data_dir)
    assert state is not None
    assert state.phase == "failed"
    assert not state.running()
    assert not any(process.alive() for process in state.processes)


def test_two_stacks_on_one_folder_are_refused(
    data_dir: Path, kafka_bootstrap: str, redis_url: str, milvus_lite_uri: str
) -> None:
    config = _without_engines(data_dir, kafka_bootstrap, redis_url, milvus_lite_uri)
    state = start_detached(config)
    with pytest.raises(StackFailed, match=rf"already runs on .*pid {state.supervisor_pid}(?s:.*)vtr down"):
        start_detached(config)
    assert load_state(data_dir) == state


def test_all_that_is_missing_is_told_at_once(data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        config = _config(
            data_dir,
            kafka="127.0.0.1:1",
            redis="redis://user:secret@127.0.0.1:2/0",
            services=(
                ServiceSpec(name="search", module="no_such_module", port=port),
                ServiceSpec(name="ranking", module=_MODULE, port=free_ports(1)[0]),
            ),
        )
        with pytest.raises(PreflightError) as caught:
            Stack(config).start()
    # The state names this very process as the one that failed: nothing to stop, and nobody to signal.
    assert not stop_running(data_dir).was_running
    text = str(caught.value)
    assert "Kafka at '127.0.0.1:1' does not answer" in text
    assert "Redis at '127.0.0.1:2' does not answer" in text
    assert "secret" not in text
    assert "no_such_module" in text
    assert f"port {port} is taken" in text
    assert len(caught.value.problems) == 4


def test_foreground_shows_one_log_and_stops_on_a_signal(
    data_dir: Path, kafka_bootstrap: str, redis_url: str, milvus_lite_uri: str
) -> None:
    config = _without_engines(data_dir, kafka_bootstrap, redis_url, milvus_lite_uri)
    code = (
        "import sys; from vtr.local.config import StackConfig; from vtr.local.supervisor import run\n"
        "config = StackConfig.model_validate_json(sys.stdin.read())\n"
        "raise SystemExit(run(config, lambda line: print(line, flush=True), colour=False))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    process.stdin.write(config.model_dump_json())
    process.stdin.close()
    process.stdin = None

    def ready() -> bool:
        state = load_state(data_dir)
        return state is not None and state.phase == "ready"

    _eventually(ready)
    state = load_state(data_dir)
    assert state is not None
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=180)
    assert process.returncode == 0
    assert "search  | tiny service starts" in output
    assert "ranking | tiny service starts" in output
    assert not any(process.alive() for process in state.processes)
    assert load_state(data_dir) is None


def test_a_stop_during_the_start_leaves_nothing(data_dir: Path) -> None:
    # Nobody listens on the service's port, so the start would go on waiting.
    stuck = ServiceSpec(name="stuck", module="support.never_ready", port=free_ports(1)[0])
    config = _config(data_dir, services=(stuck,))
    supervisor = subprocess.Popen([sys.executable, "-m", "vtr.local.supervisor"], stdin=subprocess.PIPE)
    assert supervisor.stdin is not None
    supervisor.stdin.write(config.model_dump_json().encode())
    supervisor.stdin.close()

    def waiting() -> bool:
        state = load_state(data_dir)
        return state is not None and any(p.name == "stuck" and p.alive() for p in state.processes)

    _eventually(waiting)
    state = load_state(data_dir)
    assert state is not None
    assert len(_pids(state)) == 4
    supervisor.terminate()
    assert supervisor.wait(180) == 0
    assert not any(process.alive() for process in state.processes)
    after = load_state(data_dir)
    assert after is None or not after.running()
