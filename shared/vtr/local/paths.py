"""The two folders of the laptop stack: data that must be kept, and a cache that can be fetched again."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def default_data_dir() -> Path:
    """``$VTR_DATA_DIR``, else ``vtr`` in the XDG data folder (``~/.local/share``)."""
    return _folder("VTR_DATA_DIR", "XDG_DATA_HOME", ".local/share")


def cache_dir() -> Path:
    """``$VTR_CACHE_DIR``, else ``vtr`` in the XDG cache folder (``~/.cache``)."""
    return _folder("VTR_CACHE_DIR", "XDG_CACHE_HOME", ".cache")


def _folder(own: str, base: str, fallback: str) -> Path:
    if value := os.environ.get(own):
        return Path(value).expanduser().absolute()
    root = os.environ.get(base)
    return (Path(root) if root else Path.home() / fallback) / "vtr"


@contextmanager
def exclusive(lock: Path) -> Iterator[None]:
    """Hold an advisory lock on the file, so that two processes do not fill one folder at once."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def write_atomic(path: Path, text: str, mode: int = 0o644) -> None:
    """Replace a file's content whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text)
    temporary.chmod(mode)
    temporary.replace(path)
