"""One supervised process of the operating system: start, wait until it is ready, stop, leave no orphan."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil

from vtr.local.paths import write_atomic

_LAUNCHER = Path(__file__).with_name("launcher.py")
_MAX_LOG_BYTES = 20 * 1024 * 1024
_CLOCK_SLACK_S = 1.0


class ProcessFailed(RuntimeError):  # noqa: N818  (reads as what happened)
    """A process did not start, or stopped by itself. The message ends with the tail of its log."""

    def __init__(self, name: str, reason: str, log: Path) -> None:
        self.name, self.reason, self.log = name, reason, log
        tail = log_tail(log)
        super().__init__(f"{name}: {reason}" + (f"; the end of {log}:\n{tail}" if tail else f" (log: {log})"))


@dataclass(frozen=True)
class ProcessSpec:
    """What to run and how.

    ``env`` is added to this process's environment. ``stop_signal`` asks it to leave; after ``grace_s``
    seconds it is killed. Its output goes to ``log``; ``pid_file`` names it for the next start.
    """

    name: str
    command: tuple[str, ...]
    log: Path
    pid_file: Path
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace_s: float = 15.0


@dataclass(frozen=True)
class ProcessId:
    """A pid with its birth time (epoch seconds), so that a later process of the same number is not it."""

    pid: int
    create_time: float

    @classmethod
    def of(cls, pid: int) -> ProcessId:
        """The identity of a running process; psutil.NoSuchProcess when there is none."""
        return cls(pid, psutil.Process(pid).create_time())

    def alive(self) -> bool:
        """Whether it still runs; one that has exited and waits for its parent counts as gone."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.create_time) < _CLOCK_SLACK_S
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def end_group(self, first: signal.Signals, grace_s: float) -> None:
        """Stop it and the process group it leads: ask with ``first``, kill after ``grace_s`` seconds."""
        if not self.alive():
            return
        _signal_group(self.pid, first)
        if not self.wait_gone(grace_s):
            _signal_group(self.pid, signal.SIGKILL)
            self.wait_gone(10.0)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it alone, if it still runs."""
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def wait_gone(self, seconds: float) -> bool:
        """Whether it ends within so many seconds."""
        give_up = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() >= give_up:
                return False
            time.sleep(0.05)
        return True


class ManagedProcess:
    """A process with its log and pid file. Thread-safe only in that one thread at a time may steer it."""

    def __init__(self, spec: ProcessSpec) -> None:
        self.spec = spec
        self._popen: subprocess.Popen[bytes] | None = None
        self._id: ProcessId | None = None

    @property
    def id(self) -> ProcessId | None:
        """Its identity once started, also after it has ended."""
        return self._id

    def exit_code(self) -> int | None:
        """Its exit code (negative: the signal that ended it); None while it runs or before the start."""
        return None if self._popen is None else self._popen.poll()

    def running(self) -> bool:
        """Whether it has started and not ended."""
        return self._popen is not None and self._popen.poll() is None

    def start(self) -> None:
        """Start it. One that an earlier supervisor left behind under the same pid file is ended first."""
        if self.running():
            raise RuntimeError(f"{self.spec.name} already runs")
        end_left_behind(self.spec.pid_file)
        self.spec.log.parent.mkdir(parents=True, exist_ok=True)
        _rotate(self.spec.log)
        with self.spec.log.open("ab") as log:
            self._popen = _SPAWNER.spawn(self.spec, log)
        with contextlib.suppress(psutil.NoSuchProcess):
            self._id = ProcessId.of(self._popen.pid)
            saved = {
                "pid": self._id.pid,
                "create_time": self._id.create_time,
                "stop_signal": self.spec.stop_signal.value,
                "grace_s": self.spec.grace_s,
            }
            write_atomic(self.spec.pid_file, json.dumps(saved))

    def wait_ready(self, probe: Callable[[], None], deadline_s: float, interval_s: float = 0.1) -> None:
        """Call ``probe`` until it returns. Raises ProcessFailed when the process ends or time is over.

        The probe raises while the process is not ready; the message of its last error is in the failure.
        """
        give_up = time.monotonic() + deadline_s
        while True:
            try:
                probe()
            except Exception as error:  # noqa: BLE001  (a probe may fail in any way until the server is up)
                last = f"{type(error).__name__}: {error}"
            else:
                # The answer came from this process only if it still runs: a port can have another owner.
                if self.running():
                    return
                last = "something else answers in its place"
            code = self.exit_code()
            if code is not None:
                raise ProcessFailed(self.spec.name, f"ended with {describe_exit(code)}", self.spec.log)
            if time.monotonic() >= give_up:
                reason = f"not ready after {deadline_s:g} s (last answer: {last})"
                raise ProcessFailed(self.spec.name, reason, self.spec.log)
            time.sleep(interval_s)

    def request_stop(self) -> None:
        """Send the stop signal and return at once; :meth:`stop` then waits."""
        if self._popen is not None and self.running():
            _signal_group(self._popen.pid, self.spec.stop_signal)

    def stop(self, grace_s: float | None = None) -> int | None:
        """Stop signal to the group, SIGKILL after the grace period; 0 kills at once. Gives the exit code."""
        if self._popen is None:
            return None
        grace = self.spec.grace_s if grace_s is None else grace_s
        if self.running():
            _signal_group(self._popen.pid, self.spec.stop_signal if grace > 0 else signal.SIGKILL)
            try:
                self._popen.wait(grace if grace > 0 else 10.0)
            except subprocess.TimeoutExpired:
                _signal_group(self._popen.pid, signal.SIGKILL)
                self._popen.wait(10.0)
        # What it started itself shares its group and may outlive it.
        _signal_group(self._popen.pid, signal.SIGKILL)
        self.spec.pid_file.unlink(missing_ok=True)
        return self._popen.poll()


class _Spawner:
    """Starts processes from one thread that lives as long as this process.

    Linux sends the parent-death signal when the *thread* that forked ends, not the process (prctl(2)): a
    child started from a short-lived thread would be killed with it.
    """

    def __init__(self) -> None:
        self._requests: queue.SimpleQueue[tuple[ProcessSpec, IO[bytes], Future[subprocess.Popen[bytes]]]]
        self._requests = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def spawn(self, spec: ProcessSpec, log: IO[bytes]) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():  # first use, or after a fork
                self._thread = threading.Thread(target=self._run, name="spawner", daemon=True)
                self._thread.start()
        result: Future[subprocess.Popen[bytes]] = Future()
        self._requests.put((spec, log, result))
        return result.result()

    def _run(self) -> None:
        while True:
            spec, log, result = self._requests.get()
            try:
                result.set_result(_popen(spec, log))
            except BaseException as error:  # noqa: BLE001  (handed to the caller)
                result.set_exception(error)


_SPAWNER = _Spawner()


def _popen(spec: ProcessSpec, log: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid()), *spec.command],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        env={**os.environ, **spec.env},
        cwd=spec.cwd,
        start_new_session=True,
    )


def end_left_behind(pid_file: Path) -> ProcessId | None:
    """End the process that a pid file names, if it still is that process. Returns it when it was running."""
    try:
        saved = json.loads(pid_file.read_text())
        left = ProcessId(int(saved["pid"]), float(saved["create_time"]))
        first, grace_s = signal.Signals(saved["stop_signal"]), float(saved["grace_s"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        pid_file.unlink(missing_ok=True)
        return None
    was_alive = left.alive()
    left.end_group(first, grace_s)
    pid_file.unlink(missing_ok=True)
    return left if was_alive else None


def log_tail(log: Path, lines: int = 15, max_bytes: int = 8192) -> str:
    """The last lines of a log file; empty when there is none."""
    try:
        with log.open("rb") as handle:
            handle.seek(0, os.SEEK_END)
            handle.seek(max(0, handle.tell() - max_bytes))
            text = handle.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    return "\n".join(f"  {line[:400]}" for line in text.splitlines()[-lines:])


def describe_exit(code: int) -> str:
    """An exit code in words: ``exit code 1``, or ``signal SIGKILL``."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"


def _signal_group(pid: int, number: signal.Signals) -> None:
    # Each process leads its own group (start_new_session), so the group has the pid's number.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _rotate(log: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > _MAX_LOG_BYTES:
            log.replace(log.with_name(log.name + ".1"))
