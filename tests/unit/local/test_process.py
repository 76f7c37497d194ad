"""One supervised process, with real programs."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from vtr.local.process import ManagedProcess, ProcessFailed, ProcessId, ProcessSpec, end_left_behind, log_tail

_SLEEP = "import time; time.sleep(600)"


def _python(folder: Path, code: str, **options: object) -> ManagedProcess:
    spec = {
        "name": "thing",
        "command": (sys.executable, "-u", "-c", code),
        "log": folder / "thing.log",
        "pid_file": folder / "pid.json",
    }
    return ManagedProcess(ProcessSpec(**{**spec, **options}))  # type: ignore[arg-type]


def test_starts_logs_and_stops(tmp_path: Path) -> None:
    process = _python(tmp_path, f"import os; print(os.environ['WORD']); {_SLEEP}", env={"WORD": "hello"})
    process.start()
    process.wait_ready(lambda: (tmp_path / "thing.log").read_text().index("hello"), 20.0)  # type: ignore[arg-type,return-value]
    assert process.running()
    assert json.loads((tmp_path / "pid.json").read_text())["pid"] == process.id.pid  # type: ignore[union-attr]
    assert process.stop() == -signal.SIGTERM
    assert not process.running()
    assert not (tmp_path / "pid.json").exists()


def test_cannot_be_started_twice(tmp_path: Path) -> None:
    process = _python(tmp_path, _SLEEP)
    process.start()
    try:
        with pytest.raises(RuntimeError, match="already runs"):
            process.start()
    finally:
        process.stop(0)


def test_early_exit_fails_with_the_end_of_its_log(tmp_path: Path) -> None:
    process = _python(tmp_path, "print('the disk is on fire'); raise SystemExit(4)")
    process.start()

    def never() -> None:
        raise ConnectionRefusedError

    with pytest.raises(ProcessFailed, match=r"exit code 4(?s:.*)the disk is on fire"):
        process.wait_ready(never, 30.0)


def test_deadline_tells_the_last_answer(tmp_path: Path) -> None:
    process = _python(tmp_path, _SLEEP)
    process.start()

    def not_yet() -> None:
        raise RuntimeError("still loading")

    try:
        with pytest.raises(ProcessFailed, match="still loading"):
            process.wait_ready(not_yet, 0.3)
    finally:
        process.stop(0)


def test_an_answer_from_elsewhere_does_not_make_it_ready(tmp_path: Path) -> None:
    process = _python(tmp_path, "raise SystemExit(1)")
    process.start()
    with pytest.raises(ProcessFailed, match="exit code 1"):
        # The probe succeeds once the process is gone: something else answers.
        process.wait_ready(lambda: process._popen.wait(20) and None, 30.0)  # type: ignore[union-attr]


def test_program_that_is_not_there(tmp_path: Path) -> None:
    process = _python(tmp_path, "", command=("no-such-program-here",))
    process.start()
    with pytest.raises(ProcessFailed, match=r"no-such-program-here: No such file"):
        process.wait_ready(lambda: socket.create_connection(("127.0.0.1", 1)).close(), 30.0)


def test_is_killed_when_it_does_not_leave(tmp_path: Path) -> None:
    code = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); {_SLEEP}"
    process = _python(tmp_path, code, grace_s=0.3)
    process.start()
    process.wait_ready(lambda: (tmp_path / "thing.log").read_text().index("deaf"), 20.0)  # type: ignore[arg-type,return-value]
    assert process.stop() == -signal.SIGKILL


def test_stop_takes_its_children_along(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {_SLEEP!r}])\n"
        "print(child.pid); child.wait()"
    )
    process = _python(tmp_path, code)
    process.start()
    log = tmp_path / "thing.log"
    process.wait_ready(lambda: int(log.read_text()), 20.0)  # type: ignore[arg-type,return-value]
    child = psutil.Process(int(log.read_text()))
    process.stop()
    assert _gone(child)


def test_interrupt_reaches_a_process_started_by_one_that_ignores_it(tmp_path: Path) -> None:
    # As under a shell's "&": SIGINT is ignored there, and children inherit that.
    code = "try:\n import time; print('up'); time.sleep(600)\nexcept KeyboardInterrupt:\n print('closed')"
    process = _python(tmp_path, code, stop_signal=signal.SIGINT)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process.start()
        process.wait_ready(lambda: (tmp_path / "thing.log").read_text().index("up"), 20.0)  # type: ignore[arg-type,return-value]
        assert process.stop() == 0
    finally:
        signal.signal(signal.SIGINT, before)
    assert "closed" in log_tail(tmp_path / "thing.log")


def test_start_ends_what_an_earlier_supervisor_left(tmp_path: Path) -> None:
    left = subprocess.Popen([sys.executable, "-c", _SLEEP], start_new_session=True)
    identity = ProcessId.of(left.pid)
    saved = {"pid": left.pid, "create_time": identity.create_time, "stop_signal": 15, "grace_s": 5}
    (tmp_path / "pid.json").write_text(json.dumps(saved))
    process = _python(tmp_path, _SLEEP)
    process.start()
    try:
        assert not identity.alive()
    finally:
        process.stop(0)
        left.wait()


def test_a_reused_pid_is_left_alone(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", _SLEEP], start_new_session=True)
    try:
        born = ProcessId.of(other.pid).create_time
        saved = {"pid": other.pid, "create_time": born - 3600, "stop_signal": 9, "grace_s": 1}
        (tmp_path / "pid.json").write_text(json.dumps(saved))
        assert end_left_behind(tmp_path / "pid.json") is None
        assert other.poll() is None
        assert not (tmp_path / "pid.json").exists()
    finally:
        other.kill()
        other.wait()


@pytest.mark.parametrize("content", ["", "not json", "[]", '{"pid": 1}', '{"pid": "x", "create_time": 0}'])
def test_damaged_pid_file_is_removed(tmp_path: Path, content: str) -> None:
    (tmp_path / "pid.json").write_text(content)
    assert end_left_behind(tmp_path / "pid.json") is None
    assert not (tmp_path / "pid.json").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
def test_dies_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    # It starts the process from a thread that ends: the process must outlive that, and only that.
    code = textwrap.dedent(f"""
        import sys, threading, time
        from pathlib import Path
        from vtr.local.process import ManagedProcess, ProcessSpec
        folder = Path({str(tmp_path)!r})
        command = (sys.executable, "-c", {_SLEEP!r})
        process = ManagedProcess(ProcessSpec("thing", command, folder / "thing.log", folder / "pid.json"))
        starter = threading.Thread(target=process.start)
        starter.start()
        starter.join()
        time.sleep(0.5)
        print(process.id.pid if process.running() else "died with the thread", flush=True)
        time.sleep(600)
    """)
    supervisor = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert supervisor.stdout is not None
    child = psutil.Process(int(supervisor.stdout.readline()))
    supervisor.kill()
    supervisor.wait()
    assert _gone(child)


def _gone(process: psutil.Process, patience_s: float = 20.0) -> bool:
    give_up = time.monotonic() + patience_s
    while time.monotonic() < give_up:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False
