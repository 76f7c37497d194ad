"""The Milvus server's binary: the wheel ``milvus``, fetched once against pinned hashes, then unpacked."""

from __future__ import annotations

import importlib.util
import lzma
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from vtr.local.assets import asset
from vtr.local.paths import cache_dir, exclusive

MILVUS_VERSION = "2.3.5"
_DOWNLOAD_TIMEOUT_S = 900


class MilvusBinaryError(RuntimeError):
    """The server could not be fetched or unpacked."""


def home() -> Path:
    """Where it lies: ``bin/milvus`` with its libraries, ``config.yaml.template`` and ``glog.conf``."""
    return cache_dir() / "milvus" / MILVUS_VERSION


def ensure() -> Path:
    """:func:`home`, filled. Nothing of the wheel is imported, and its pins touch no environment."""
    folder = home()
    with exclusive(folder.with_name(f".{folder.name}.lock")):
        if not (folder / "bin" / "milvus").is_file():
            _fetch(folder)
    return folder


def _fetch(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetch-") as scratch:
        wheel = Path(scratch) / "wheel"
        command = [*_installer(), "--no-deps", "--only-binary", ":all:", "--require-hashes"]
        command += ["--target", str(wheel), "-r", str(asset("milvus/requirements.txt"))]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_DOWNLOAD_TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise MilvusBinaryError(
                f"milvus {MILVUS_VERSION} was not fetched in {_DOWNLOAD_TIMEOUT_S} s"
            ) from None
        if done.returncode != 0:
            tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
            raise MilvusBinaryError(
                f"the package milvus {MILVUS_VERSION} could not be installed (there are wheels for Linux "
                f"x86-64 and macOS; elsewhere use Milvus Lite or the address of a running Milvus):\n{tail}"
            )
        data = wheel / "milvus" / "data"
        unpacked = Path(scratch) / "unpacked"
        (unpacked / "bin").mkdir(parents=True)
        for packed in sorted((data / "bin").glob("*.lzma")):
            target = unpacked / "bin" / packed.stem
            with lzma.open(packed) as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink)
            target.chmod(0o755)
        for name in ("config.yaml.template", "glog.conf"):
            shutil.copy(data / name, unpacked / name)
        if folder.exists():
            shutil.rmtree(folder)
        unpacked.rename(folder)


def _installer() -> list[str]:
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "install", "--quiet"]
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--quiet", "--python", sys.executable]
    raise MilvusBinaryError("neither pip nor uv is there to fetch Milvus: python -m ensurepip installs pip")
