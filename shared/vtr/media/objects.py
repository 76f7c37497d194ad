"""The object store: immutable bytes under a path, on whatever file system fsspec opens.

A path is made of segments from a narrow alphabet, so that no id, however chosen, leaves the store's root.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fsspec
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from vtr.contracts.step import Unavailable

DEPENDENCY = "object-store"

_SEGMENT = re.compile(r"[A-Za-z0-9._:@%=+-]{1,255}")
_TEMPORARY = ".tmp-"


class ObjectPathError(ValueError):
    """A path or uri does not name an object of this store; the message says which and why."""


class ObjectStore:
    """Objects below one root uri (``file://``, ``s3://``, ``memory://``, ...).

    ``put`` is atomic: a reader sees the whole object or none. Methods raise :class:`ObjectPathError` for a
    path that is not allowed, ``FileNotFoundError`` for an object that is not there, and
    :class:`~vtr.contracts.step.Unavailable` for every fault of the store itself.
    """

    def __init__(self, uri: str) -> None:
        if not uri or "::" in uri:
            raise ObjectPathError(f"object store uri: {uri!r} is empty or chained")
        # Listings must be fresh: another process writes to the same store.
        options = {} if uri.startswith(("file:", "/", "memory:")) else {"use_listings_cache": False}
        fs, root = url_to_fs(uri, **options)
        self._fs: fsspec.AbstractFileSystem = fs
        self._root = str(root).rstrip("/")
        self._local = isinstance(fs, LocalFileSystem)
        if self._local and Path(f"{self._root}/") == Path("/"):
            raise ObjectPathError(f"object store uri: {uri!r} is the root of the file system")
        self.root_uri: str = str(fs.unstrip_protocol(self._root)).rstrip("/")

    def uri(self, path: str) -> str:
        """The uri of the object at ``path``, whether it exists or not."""
        return f"{self.root_uri}/{check_path(path)}"

    def path(self, uri_or_path: str) -> str:
        """The path of an object of this store, given its uri (or its path)."""
        if uri_or_path.startswith(self.root_uri + "/"):
            return check_path(uri_or_path[len(self.root_uri) + 1 :])
        if "://" in uri_or_path:
            raise ObjectPathError(f"uri: {uri_or_path!r} is not in the object store {self.root_uri}")
        return check_path(uri_or_path)

    def put(self, path: str, data: bytes) -> str:
        """Store ``data`` at ``path``, replacing what was there, and return its uri."""
        target = self._at(path)
        try:
            with _faults():
                if self._local:
                    _put_file(Path(target), data)
                else:
                    self._fs.pipe_file(target, data)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise Unavailable(DEPENDENCY, str(error)) from error
        return self.uri(path)

    def get(self, uri: str) -> bytes:
        """The bytes of an object, by uri or path."""
        source = self._at(self.path(uri))
        with _faults():
            return bytes(self._fs.cat_file(source))

    def exists(self, path: str) -> bool:
        """Whether there is an object at ``path``."""
        target = self._at(path)
        with _faults():
            return bool(self._fs.isfile(target))

    def paths(self, path: str) -> list[str]:
        """The paths of all objects below ``path``, sorted; empty when there is none."""
        target = self._at(path)
        with _faults():
            found = self._fs.find(target)
        start = len(self._root) + 1
        return sorted(name[start:] for name in found if _TEMPORARY not in name)

    def children(self, path: str) -> list[str]:
        """The names directly below ``path``, sorted, be they objects or prefixes of objects."""
        target = self._at(path)
        try:
            with _faults():
                found = self._fs.ls(target, detail=False)
        except (FileNotFoundError, NotADirectoryError):
            return []
        names = {
            str(name).rstrip("/").rsplit("/", 1)[-1] for name in found if str(name).rstrip("/") != target
        }
        return sorted(name for name in names if not name.startswith(_TEMPORARY))

    def delete_prefix(self, path: str) -> int:
        """Remove every object below ``path`` and return how many there were; none is no error."""
        count = len(self.paths(path))
        target = self._at(path)
        try:
            with _faults():
                if self._fs.exists(target):
                    self._fs.rm(target, recursive=True)
        except FileNotFoundError:
            # Another worker removed it at the same time.
            return count
        return count

    def _at(self, path: str) -> str:
        return f"{self._root}/{check_path(path)}"


def check_path(path: str) -> str:
    """``path`` itself when it is a relative path of safe segments; else raises :class:`ObjectPathError`."""
    for segment in path.split("/"):
        if _SEGMENT.fullmatch(segment) is None or segment in (".", "..") or segment.startswith(_TEMPORARY):
            raise ObjectPathError(f"object path: {path!r} has the segment {segment!r}, which is not allowed")
    return path


def _put_file(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f"{_TEMPORARY}{uuid.uuid4().hex}")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def _faults() -> Iterator[None]:
    """Clients of fsspec raise what they like (OSError, botocore, aiohttp); a caller knows two cases."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise
    except Exception as error:
        raise Unavailable(DEPENDENCY, f"{type(error).__name__}: {error}") from error
