"""What every engine of the laptop stack has in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vtr.local.preflight import Problem
from vtr.local.process import ManagedProcess


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
