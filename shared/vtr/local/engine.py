"""What every engine of the laptop stack has in common, and those that are one process."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from vtr.local import preflight
from vtr.local.preflight import Problem
from vtr.local.process import ManagedProcess, ProcessSpec


class Engine(Protocol):
    """A server that the stack starts: Kafka, Redis or Milvus."""

    @property
    def name(self) -> str:
        """Short name, as in logs: kafka."""

    @property
    def address(self) -> str:
        """Where its clients connect: bootstrap servers or a URL."""

    @property
    def processes(self) -> Sequence[ManagedProcess]:
        """Its operating-system processes."""

    def problems(self) -> list[Problem]:
        """All that keeps it from starting."""

    def start(self, deadline_s: float = 60.0) -> None:
        """Start it and wait until it answers. Raises PreflightError or ProcessFailed."""

    def wait_ready(self, deadline_s: float = 60.0) -> None:
        """Wait until its running processes answer as one whole."""

    def stop(self, grace_s: float | None = None) -> None:
        """Stop it; ``grace_s`` 0 kills at once."""


class SingleProcessEngine(ABC):
    """An :class:`Engine` of one process that listens on one port and keeps its data in one folder."""

    name: str

    def __init__(self, data_dir: Path, port: int, spec: ProcessSpec) -> None:
        self.data_dir = data_dir
        self.port = port
        self.process = ManagedProcess(spec)
        self.processes: Sequence[ManagedProcess] = (self.process,)

    @property
    @abstractmethod
    def address(self) -> str:
        """Where its clients connect."""

    @abstractmethod
    def problems(self) -> list[Problem]:
        """All that keeps it from starting."""

    @abstractmethod
    def probe(self) -> None:
        """Ask whether it is ready; raises in any way while it is not."""

    def prepare(self) -> None:
        """What has to be done before each start."""
        self.data_dir.mkdir(parents=True, exist_ok=True)

    def start(self, deadline_s: float = 60.0) -> None:
        """Start it and wait until it answers. Raises PreflightError or ProcessFailed."""
        preflight.require(self.problems())
        self.prepare()
        self.process.start()
        try:
            self.wait_ready(deadline_s)
        except BaseException:
            self.stop(0)
            raise

    def wait_ready(self, deadline_s: float = 60.0) -> None:
        """Wait until :meth:`probe` succeeds."""
        self.process.wait_ready(self.probe, deadline_s)

    def stop(self, grace_s: float | None = None) -> None:
        """Stop it; ``grace_s`` 0 kills at once. What was acknowledged is on disk."""
        self.process.stop(grace_s)
