"""Start a stack that outlives the caller, and stop whatever runs on a data folder, from any process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vtr.local.config import StackConfig
from vtr.local.stack import clean_left_behind, purge_data
from vtr.local.state import StackState, load_state, remove_state

_STOP_TIMEOUT_S = 60.0


class StackFailed(RuntimeError):  # noqa: N818  (reads as what happened)
    """A detached stack did not come up; the message is the reason."""


@dataclass(frozen=True)
class StopReport:
    """What :func:`stop_running` found and did."""

    was_running: bool
    killed: bool
    left_behind: tuple[int, ...]
    purged: tuple[Path, ...]


def start_detached(
    config: StackConfig, on_progress: Callable[[StackState], None] = lambda _state: None
) -> StackState:
    """Start a supervisor in a session of its own and wait until its stack is ready; its state then.

    Raises StackFailed with the reason when it does not come up. An interrupt of the wait stops it again.
    """
    log = config.data_dir / "logs" / "supervisor.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:  # a stack that runs already writes there too
        before = output.tell()
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "vtr.local.supervisor"],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        assert supervisor.stdin is not None  # noqa: S101  (asked for above)
        supervisor.stdin.write(config.model_dump_json().encode())
        supervisor.stdin.close()
        while True:
            ended = supervisor.poll() is not None  # before the state is read: its last words count
            state = load_state(config.data_dir)
            if state is not None and state.supervisor_pid == supervisor.pid:
                if state.phase == "ready" and not ended:
                    return state
                if ended:
                    raise StackFailed(state.reason or f"the supervisor ended; see {log}")
                on_progress(state)
            elif ended:
                raise StackFailed(_written_since(log, before) or f"the supervisor ended; see {log}")
            time.sleep(0.2)
    except KeyboardInterrupt:
        supervisor.terminate()
        supervisor.wait()
        raise


def stop_running(data_dir: Path, purge: bool = False) -> StopReport:
    """Stop the stack that runs on the folder, also when its supervisor is dead or does not answer.

    Nothing running is no error. ``purge`` removes the stack's data as well, and only what a stack wrote.
    """
    state = load_state(data_dir)
    running = state is not None and state.running()
    killed = False
    if state is not None and running:
        if state.supervisor_pid == os.getpid():
            raise RuntimeError("this process holds the stack itself: call its Stack.stop")
        state.supervisor.signal(signal.SIGTERM)
        if not state.supervisor.wait_gone(_STOP_TIMEOUT_S):
            state.supervisor.signal(signal.SIGKILL)  # what it started dies with it
            state.supervisor.wait_gone(10.0)
            killed = True
    left = clean_left_behind(data_dir)
    remove_state(data_dir)
    purged = purge_data(data_dir) if purge else []
    return StopReport(running, killed, tuple(left), tuple(purged))


def _written_since(log: Path, offset: int) -> str:
    with log.open("rb") as handle:
        handle.seek(offset)
        return handle.read().decode("utf-8", "replace").strip().removeprefix("vtr: ")
