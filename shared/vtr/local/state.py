"""The state file of a running stack, by which other processes find it."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from vtr.local.paths import write_atomic
from vtr.local.process import ProcessId

_FILE = "stack.json"

Phase = Literal["starting", "ready", "failed", "stopping"]
Condition = Literal["starting", "ready", "restarting", "crash-looping", "stopped"]


class ProcessState(BaseModel):
    """One supervised process. ``restarts`` counts since the start of the stack."""

    model_config = ConfigDict(frozen=True)

    name: str
    kind: Literal["engine", "service"]
    pid: int | None
    create_time: float | None
    condition: Condition
    restarts: int
    log: Path
    url: str | None = None
    detail: str | None = None

    def alive(self) -> bool:
        """Whether that very process runs now."""
        if self.pid is None or self.create_time is None:
            return False
        return ProcessId(self.pid, self.create_time).alive()


class StackState(BaseModel):
    """What ``stack.json`` says. ``addresses`` has kafka, redis, milvus and objects (a URI)."""

    model_config = ConfigDict(frozen=True)

    data_dir: Path
    supervisor_pid: int
    supervisor_create_time: float
    started_at: datetime
    phase: Phase
    reason: str | None = None
    addresses: dict[str, str]
    processes: tuple[ProcessState, ...]

    @property
    def supervisor(self) -> ProcessId:
        """The process that supervises."""
        return ProcessId(self.supervisor_pid, self.supervisor_create_time)

    def running(self) -> bool:
        """Whether the supervisor is there; a state file can outlive it."""
        return self.phase != "failed" and self.supervisor.alive()


def load_state(data_dir: Path) -> StackState | None:
    """The state last written in the data folder; None when there is none or it is not readable as one.

    Check :meth:`StackState.running`: the file of a stack that failed or was killed stays.
    """
    try:
        return StackState.model_validate_json((data_dir / _FILE).read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValidationError):
        return None


def save_state(state: StackState) -> None:
    """Write it, readable by its owner alone: an address may carry a password."""
    write_atomic(state.data_dir / _FILE, state.model_dump_json(indent=1), mode=0o600)


def remove_state(data_dir: Path) -> None:
    """Forget the stack."""
    (data_dir / _FILE).unlink(missing_ok=True)


def this_process() -> ProcessId:
    """Identity of the calling process."""
    return ProcessId.of(os.getpid())
