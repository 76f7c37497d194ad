"""Milvus Lite in server mode: the Python engine of the package ``milvus-lite`` behind Milvus's gRPC API."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from vtr.local import milvus_probe, ports, preflight
from vtr.local.engine import SingleProcessEngine
from vtr.local.preflight import Problem
from vtr.local.process import ProcessSpec


class MilvusLiteServer(SingleProcessEngine):
    """One process on a loopback port; its data lie in ``data_dir``."""

    name = "milvus"

    def __init__(self, data_dir: Path, port: int, log_dir: Path | None = None) -> None:
        super().__init__(
            data_dir,
            port,
            ProcessSpec(
                name=self.name,
                command=(
                    *(sys.executable, "-m", "milvus_lite", "server"),
                    *("--data-dir", str(data_dir / "data")),
                    *("--host", ports.LOOPBACK),
                    *("--port", str(port)),
                ),
                log=(log_dir or data_dir) / "milvus-lite.log",
                pid_file=data_dir / "pid.json",
                env={"PYTHONUNBUFFERED": "1"},
                # It closes its files on a keyboard interrupt only.
                stop_signal=signal.SIGINT,
                grace_s=15.0,
            ),
        )

    @property
    def uri(self) -> str:
        """Where pymilvus connects."""
        return f"http://{ports.LOOPBACK}:{self.port}"

    @property
    def address(self) -> str:
        """The same as :attr:`uri`."""
        return self.uri

    def problems(self) -> list[Problem]:
        """All that keeps it from starting."""
        why = "it is the vector database of the laptop stack"
        found = preflight.python_package("milvus_lite", why=why, extra="local")
        found += preflight.python_package(
            "pymilvus", why="it asks Milvus whether it is ready", extra="vectors"
        )
        found += preflight.port(self.port, "Milvus", "give another port, or the URI of a running Milvus")
        return found + preflight.disk(self.data_dir)

    def probe(self) -> None:
        """It lists its collections."""
        milvus_probe.answers(self.port)
