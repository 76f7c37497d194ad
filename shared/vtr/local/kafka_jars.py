"""The jars of the broker: resolved by Maven once, and verified against the committed SHA-256 list."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from vtr.local.assets import asset
from vtr.local.paths import cache_dir, exclusive, write_atomic

KAFKA_VERSION = "4.3.1"
_STAMP = "verified.json"
_DOWNLOAD_TIMEOUT_S = 600


class JarsError(RuntimeError):
    """The jars could not be fetched, or are not the ones that are expected."""


def jars_dir() -> Path:
    """Where the jars lie: in the cache, one folder per Kafka version."""
    return cache_dir() / "kafka" / KAFKA_VERSION


def expected() -> dict[str, str]:
    """File name to SHA-256 (hex) of every jar, from the committed list."""
    pairs = (line.split() for line in asset("kafka/jars.sha256").read_text().splitlines() if line.strip())
    return {name: digest for digest, name in pairs}


def complete(folder: Path) -> bool:
    """Whether every expected jar is there (whatever its content)."""
    return all((folder / name).is_file() for name in expected())


def ensure() -> list[Path]:
    """The verified jars in class path order; fetches them by Maven when they are not in the cache."""
    folder = jars_dir()
    with exclusive(folder.with_name(f".{folder.name}.lock")):
        if not complete(folder):
            _fetch(folder)
        return verify(folder)


def verify(folder: Path) -> list[Path]:
    """Check every jar. Raises JarsError naming the first that differs.

    A jar is hashed again only when its size or modification time is not the one of the last check.
    """
    stamp_file = folder / _STAMP
    try:
        stamps = json.loads(stamp_file.read_text())
    except (OSError, ValueError):
        stamps = {}
    fresh: dict[str, list[object]] = {}
    paths: list[Path] = []
    for name, digest in expected().items():
        path = folder / name
        try:
            stat = path.stat()
        except FileNotFoundError:
            raise JarsError(f"{path} is missing; delete {folder} to fetch the jars again") from None
        stamp = [stat.st_size, stat.st_mtime_ns, digest]
        if stamps.get(name) != stamp:
            actual = _sha256(path)
            if actual != digest:
                raise JarsError(
                    f"{path} has SHA-256 {actual}, expected {digest}: it is damaged or was replaced; "
                    f"Kafka is not started from it. Delete {folder} to fetch the jars again"
                )
        fresh[name] = stamp
        paths.append(path)
    if fresh != stamps:
        write_atomic(stamp_file, json.dumps(fresh))
    return paths


def _fetch(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise JarsError("Maven is not installed (no mvn in PATH); it fetches Kafka's jars once")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetch-") as scratch:
        target = Path(scratch) / "jars"
        # A copy: Maven may write next to the POM, and an installed package can be read-only.
        pom = Path(shutil.copy(asset("kafka/pom.xml"), scratch))
        command = [maven, "-q", "-B", "-f", str(pom), "dependency:copy-dependencies"]
        command += [f"-DoutputDirectory={target}", "-DincludeScope=runtime"]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_DOWNLOAD_TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise JarsError(f"Maven did not fetch Kafka's jars in {_DOWNLOAD_TIMEOUT_S} s") from None
        if done.returncode != 0:
            tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-12:])
            raise JarsError(f"Maven could not fetch Kafka's jars (exit code {done.returncode}):\n{tail}")
        verify(target)
        if folder.exists():
            shutil.rmtree(folder)
        target.rename(folder)


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
