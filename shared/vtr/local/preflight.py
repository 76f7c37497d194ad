"""What must be there before the stack can start. All that is missing is told at once, each with its fix."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from vtr.local import ports

MIN_JAVA = 17
MIN_FREE_BYTES = 2 * 1024**3


@dataclass(frozen=True)
class Problem:
    """One thing that stands in the way: what is wrong, why it matters, how to mend it."""

    what: str
    why: str
    fix: str

    def __str__(self) -> str:
        return f"{self.what}\n    why: {self.why}\n    fix: {self.fix}"


class PreflightError(RuntimeError):
    """The stack cannot start; ``problems`` holds every reason found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        listed = "\n".join(f"  - {problem}" for problem in self.problems)
        count = "1 thing stands" if len(self.problems) == 1 else f"{len(self.problems)} things stand"
        super().__init__(f"{count} in the way:\n{listed}")


def require(problems: Sequence[Problem]) -> None:
    """Raise PreflightError when there is any problem."""
    unique = tuple(dict.fromkeys(problems))
    if unique:
        raise PreflightError(unique)


def java() -> list[Problem]:
    """Java of at least version 17, which Kafka 4 needs."""
    fix = (
        f"install a JDK or JRE {MIN_JAVA} or newer (Debian/Ubuntu: apt-get install openjdk-17-jre-headless; "
        "macOS: brew install openjdk@17), or give the address of a running Kafka"
    )
    why = f"the local broker is Apache Kafka, which runs on Java {MIN_JAVA} or newer"
    path = shutil.which("java")
    if path is None:
        return [Problem("Java is not installed (no java in PATH)", why, fix)]
    try:
        # macOS ships a java that only says where to get one, and fails.
        done = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return [Problem(f"{path} does not run: {error}", why, fix)]
    version = _java_major(done.stderr + done.stdout)
    if version is None:
        return [Problem(f"{path} -version names no version", why, fix)]
    if version < MIN_JAVA:
        return [Problem(f"Java {version} is too old ({path})", why, fix)]
    return []


def _java_major(text: str) -> int | None:
    """Major version from the output of ``java -version``: 1.8.0_402 is 8, 17.0.15 is 17."""
    match = re.search(r'version "(\d+)(?:\.(\d+))?', text)
    if match is None:
        return None
    major = int(match[1])
    return int(match[2]) if major == 1 and match[2] else major


def command(name: str, *, why: str, fix: str) -> list[Problem]:
    """A program in PATH."""
    return [] if shutil.which(name) else [Problem(f"{name} is not installed (not in PATH)", why, fix)]


def python_package(module: str, *, why: str, extra: str) -> list[Problem]:
    """An importable Python package that one of vtr's extras brings."""
    try:
        found = importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        found = False
    if found:
        return []
    return [Problem(f"the Python package {module} is not installed", why, f"pip install 'vtr[{extra}]'")]


def port(number: int, owner: str, setting: str) -> list[Problem]:
    """A free TCP port. ``setting`` says how to use another one or an engine that already runs."""
    if ports.is_free(number):
        return []
    by = ports.holder(number)
    return [
        Problem(
            f"port {number} is taken" + (f" by {by}" if by else ""),
            f"{owner} listens on it",
            f"stop that process, or {setting}",
        )
    ]


def reachable(engine: str, address: str, default_port: int) -> list[Problem]:
    """A given address, ``host[:port]``, that accepts connections."""
    try:
        where = urlsplit(f"//{address}")
        host, number = where.hostname, where.port or default_port
        if not host:
            raise ValueError("no host in it")  # noqa: TRY301
        ports.accepts(number, host, timeout_s=3.0)
    except (OSError, ValueError) as error:
        return [
            Problem(
                f"{engine} at {address!r} does not answer: {error}",
                "the address was given, so the stack starts none of its own",
                f"start that {engine}, correct the address, or leave it out",
            )
        ]
    return []


def disk(folder: Path, floor_bytes: int = MIN_FREE_BYTES) -> list[Problem]:
    """Free space on the disk of a folder, which need not exist yet."""
    existing = folder.absolute()
    while not existing.exists():
        existing = existing.parent
    free = shutil.disk_usage(existing).free
    if free >= floor_bytes:
        return []
    return [
        Problem(
            f"the disk of {folder} is nearly full: {free / 1024**3:.1f} GiB are free",
            f"the stack wants {floor_bytes / 1024**3:.1f} GiB for logs, vectors and frames",
            "free some space, or set VTR_DATA_DIR (VTR_CACHE_DIR for downloads) to a folder on another disk",
        )
    ]
