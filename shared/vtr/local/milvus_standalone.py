"""The real Milvus server on one machine: standalone mode, embedded etcd and RocksMQ, files as storage.

Its gRPC servers listen on all addresses of the machine; Milvus 2.3 has no setting for that.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import yaml

from vtr.local import milvus_binary, milvus_probe, ports, preflight
from vtr.local.engine import SingleProcessEngine
from vtr.local.preflight import Problem
from vtr.local.process import ProcessSpec

_SESSION_TTL_S = 10
# Placeholders of the template, with a type and a default or without: {{ proxy_port(int): 19530 }}.
_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)(?:\(\w+\))?\s*(?::\s*([^}]*?))?\s*\}\}")


class MilvusStandaloneServer(SingleProcessEngine):
    """One process; only the client's port is fixed, the dozen inner ones are chosen free at each start."""

    name = "milvus"

    def __init__(self, data_dir: Path, port: int, log_dir: Path | None = None) -> None:
        binaries = milvus_binary.home() / "bin"
        library_path = "DYLD_LIBRARY_PATH" if sys.platform == "darwin" else "LD_LIBRARY_PATH"
        inherited = os.environ.get(library_path)
        self._env = {
            "DEPLOY_MODE": "STANDALONE",
            library_path: f"{binaries}:{inherited}" if inherited else str(binaries),
        }
        self._log = (log_dir or data_dir / "logs") / "milvus.log"
        self.data_dir = data_dir  # the spec names it
        super().__init__(data_dir, port, self._spec(0))

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
        found = preflight.python_package(
            "pymilvus", why="it asks Milvus whether it is ready", extra="vectors"
        )
        found += preflight.port(self.port, "Milvus", "give another port, or the URI of a running Milvus")
        return found + preflight.disk(self.data_dir) + preflight.disk(milvus_binary.home())

    def prepare(self) -> None:
        """Fetch it if need be, and write its configuration."""
        self.process.spec = self._spec(self._configure(milvus_binary.ensure()))

    def probe(self) -> None:
        """Its components are healthy and it lists its collections."""
        milvus_probe.healthy(int(self.process.spec.env["METRICS_PORT"]))
        milvus_probe.answers(self.port)

    def _spec(self, metrics_port: int) -> ProcessSpec:
        return ProcessSpec(
            name=self.name,
            command=(str(milvus_binary.home() / "bin" / "milvus"), "run", "standalone"),
            log=self._log,
            pid_file=self.data_dir / "pid.json",
            env={**self._env, "METRICS_PORT": str(metrics_port)},
            cwd=self.data_dir,
            # On SIGTERM this release shuts its coordinators down and then retries for minutes to reach them.
            grace_s=3.0,
        )

    def _configure(self, installed: Path) -> int:
        """Write the configuration files; the port of metrics and health, which goes by the environment."""
        configs = self.data_dir / "configs"
        for folder in (configs, self.data_dir / "data", self.data_dir / "logs"):
            folder.mkdir(parents=True, exist_ok=True)
        template = (installed / "config.yaml.template").read_text()
        port_names = [m[1] for m in _PLACEHOLDER.finditer(template) if m[1].endswith("_port")]
        peer_port, metrics_port, *inner = ports.free_ports(len(port_names) + 2)
        values = dict(zip(port_names, map(str, inner), strict=True))
        values["proxy_port"] = str(self.port)
        data = self.data_dir / "data"
        values |= {
            "etcd_log_path": str(self.data_dir / "logs" / "etcd.log"),
            "system_log_path": "",  # to standard output, which the supervisor keeps
            "etcd_data_dir": str(data / "etcd.data"),
            "local_storage_dir": str(data),
            "rocksmq_data_dir": str(data / "rocksmq"),
        }
        text = _PLACEHOLDER.sub(lambda match: values.get(match[1], match[2] or ""), template)
        config: dict[str, Any] = yaml.safe_load(text)
        etcd_config = configs / "etcd.yaml"
        etcd_config.write_text(yaml.safe_dump(_etcd(int(values["etcd_port"]), peer_port)))
        # Without a file of its own the embedded etcd listens on 2379 and 2380 whatever else is set, and a
        # second server on the machine ends with a null pointer.
        config["etcd"]["config"] = {"path": str(etcd_config)}
        # A start waits for the sessions of the server before it to run out in etcd, after a stop as after a
        # kill (SIGTERM leaves them there): 30 s by default.
        config["common"]["session"]["ttl"] = _SESSION_TTL_S
        config["log"]["level"] = "warn"
        (configs / "milvus.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
        shutil.copy(installed / "glog.conf", configs / "glog.conf")
        return metrics_port


def _etcd(client_port: int, peer_port: int) -> dict[str, str]:
    client = f"http://{ports.LOOPBACK}:{client_port}"
    peer = f"http://{ports.LOOPBACK}:{peer_port}"
    return {
        "name": "default",
        "listen-client-urls": client,
        "advertise-client-urls": client,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"default={peer}",
    }
