"""From a uri to a file on this machine's disk.

Local files are read in place; remote ones are copied to a spool folder first, since decoding seeks.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import socket
import stat
import threading
import urllib.parse
import uuid
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NoReturn

import fsspec
import psutil
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from video_ingest.ports import LocalFile
from video_ingest.settings import FetchSettings
from vtr.contracts.step import Rejected, Unavailable

_CHUNK = 4 * 1024**2
_MAX_TRACKED = 1024
_NOT_FOUND = frozenset({404, 410})
_FORBIDDEN = frozenset({401, 403})
_RETRIED_STATUS = frozenset({408, 425, 429})


class Fetcher:
    """Opens sources through fsspec (see :class:`video_ingest.ports.Sources`).

    Verdicts: ``source-unsupported``, ``source-not-found``, ``source-forbidden``, ``source-refused``,
    ``source-not-a-file``, ``source-too-large``, ``empty-file``, and ``source-unreachable`` for one that did
    not answer so many times. Until then, and while the spool folder is full, raises Unavailable.
    """

    def __init__(self, settings: FetchSettings) -> None:
        self._settings = settings
        self._attempts: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def open(self, uri: str) -> Iterator[LocalFile]:
        """The file at ``uri``; a copy is removed when the context ends."""
        fs, path = self._locate(uri)
        if isinstance(fs, LocalFileSystem):
            yield self._in_place(uri, path)
        else:
            with self._copied(uri, fs, path) as file:
                yield file

    def read_captions(self, uri: str) -> bytes:
        """A captions file as a whole."""
        limit = self._settings.captions_max_bytes
        fs, path = self._locate(uri)
        if isinstance(fs, LocalFileSystem):
            local, _size = self._regular_file(uri, path)
            path = str(local)
        with self._remote_faults(uri), fs.open(path, "rb") as file:
            data = bytes(file.read(limit + 1))
        if len(data) > limit:
            raise Rejected("source-too-large", f"{uri}: has more than {limit} bytes")
        return data

    def _locate(self, uri: str) -> tuple[fsspec.AbstractFileSystem, str]:
        scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", uri)
        protocol = scheme[1].lower() if scheme is not None else "file"
        if "::" in uri.split("?", 1)[0] or protocol not in self._settings.protocols:
            allowed = ", ".join(self._settings.protocols)
            raise Rejected("source-unsupported", f"uri: {uri!r} is none of {allowed}")
        try:
            options: dict[str, Any] = {}
            if protocol in ("http", "https"):
                options["client_kwargs"] = {"timeout": _http_timeout(self._settings.timeout_s)}
            fs, path = url_to_fs(uri, **options)
        except ImportError as error:
            raise Rejected("source-unsupported", f"uri: {uri!r}: {error}") from error
        except (ValueError, TypeError) as error:
            raise Rejected("source-unsupported", f"uri: {uri!r} cannot be read ({error})") from error
        return fs, str(path)

    def _in_place(self, uri: str, path: str) -> LocalFile:
        local, size = self._regular_file(uri, path)
        self._check_size(uri, size)
        digest = hashlib.blake2b(digest_size=16)
        try:
            with local.open("rb") as file:
                for chunk in _chunks(file):
                    digest.update(chunk)
        except FileNotFoundError as error:
            raise Rejected("source-not-found", f"{uri}: is not there any more") from error
        except PermissionError as error:
            raise Rejected("source-forbidden", f"{uri}: may not be read") from error
        except OSError as error:
            self._fault(uri, error)
        self._reached(uri)
        return LocalFile(path=local, size=size, digest=digest.hexdigest())

    def _regular_file(self, uri: str, path: str) -> tuple[Path, int]:
        """The file and its size; a ``file://`` uri may be percent-encoded or not."""
        literal = Path(path)
        decoded = Path(urllib.parse.unquote(path))
        try:
            local = decoded if decoded != literal and not literal.exists() else literal
            status = local.stat()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise Rejected("source-not-found", f"{uri}: there is no such file") from error
        except PermissionError as error:
            raise Rejected("source-forbidden", f"{uri}: may not be read") from error
        except (OSError, ValueError) as error:
            raise Rejected("source-not-found", f"{uri}: cannot be a file ({error})") from error
        if not stat.S_ISREG(status.st_mode):
            kind = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
            raise Rejected("source-not-a-file", f"{uri}: is {kind}")
        return local.absolute(), status.st_size

    @contextmanager
    def _copied(self, uri: str, fs: fsspec.AbstractFileSystem, path: str) -> Iterator[LocalFile]:
        with self._remote_faults(uri):
            info = fs.info(path)
        if info.get("type") == "directory":
            raise Rejected("source-not-a-file", f"{uri}: is a folder")
        size = info.get("size")
        if size is not None:
            self._check_size(uri, int(size))
        self._check_space(int(size or 0))
        copy = self._settings.spool_dir / f"{_owner()}-{uuid.uuid4().hex}"
        try:
            yield self._copy(uri, fs, path, copy)
        finally:
            copy.unlink(missing_ok=True)

    def _copy(self, uri: str, fs: fsspec.AbstractFileSystem, path: str, copy: Path) -> LocalFile:
        digest = hashlib.blake2b(digest_size=16)
        total = 0
        with copy.open("wb") as target, self._remote_faults(uri), fs.open(path, "rb") as source:
            for chunk in _chunks(source):
                total += len(chunk)
                if total > self._settings.max_bytes:
                    self._check_size(uri, total)
                digest.update(chunk)
                self._write(target, chunk)
        self._check_size(uri, total)
        self._reached(uri)
        return LocalFile(path=copy.absolute(), size=total, digest=digest.hexdigest())

    def _write(self, target: IO[bytes], chunk: bytes) -> None:
        self._check_space(len(chunk))
        try:
            target.write(chunk)
        except OSError as error:
            raise Unavailable("spool", f"{self._settings.spool_dir}: {error}") from error

    def _check_size(self, uri: str, size: int) -> None:
        if size == 0:
            raise Rejected("empty-file", f"{uri}: has no bytes")
        if size > self._settings.max_bytes:
            raise Rejected("source-too-large", f"{uri}: has more than {self._settings.max_bytes} bytes")

    def _check_space(self, size: int) -> None:
        folder = self._settings.spool_dir
        try:
            folder.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(folder).free
        except OSError as error:
            raise Unavailable("spool", f"{folder}: {error}") from error
        if free < size + self._settings.spool_reserve_bytes:
            raise Unavailable("spool", f"{folder}: {free} bytes are free, {size} and the reserve are needed")

    @contextmanager
    def _remote_faults(self, uri: str) -> Iterator[None]:
        """Clients of fsspec raise what they like; sort it into final verdicts and faults that may pass."""
        try:
            yield
        except (Rejected, Unavailable):
            raise
        except Exception as error:
            status = _http_status(error)
            if status is not None:
                self._answered(uri, status, error)
            if isinstance(error, FileNotFoundError) and not _is_network_fault(error):
                raise Rejected("source-not-found", f"{uri}: there is no such file") from error
            if isinstance(error, PermissionError):
                raise Rejected("source-forbidden", f"{uri}: may not be read") from error
            if isinstance(error, IsADirectoryError | NotADirectoryError):
                raise Rejected("source-not-a-file", f"{uri}: is not a file") from error
            self._fault(uri, error)

    def _answered(self, uri: str, status: int, error: Exception) -> NoReturn:
        if status in _NOT_FOUND:
            raise Rejected("source-not-found", f"{uri}: answers {status}") from error
        if status in _FORBIDDEN:
            raise Rejected("source-forbidden", f"{uri}: answers {status}") from error
        if 400 <= status < 500 and status not in _RETRIED_STATUS:
            raise Rejected("source-refused", f"{uri}: answers {status}") from error
        self._fault(uri, error)

    def _fault(self, uri: str, error: Exception) -> NoReturn:
        with self._lock:
            tries = self._attempts.pop(uri, 0) + 1
            self._attempts[uri] = tries
            while len(self._attempts) > _MAX_TRACKED:
                self._attempts.popitem(last=False)
        reason = f"{uri}: {type(error).__name__}: {error}"
        if tries >= self._settings.attempts:
            self._reached(uri)
            raise Rejected("source-unreachable", f"{reason} ({tries} tries)") from error
        raise Unavailable("source", reason) from error

    def _reached(self, uri: str) -> None:
        with self._lock:
            self._attempts.pop(uri, None)


def clean_spool(folder: Path) -> int:
    """Remove copies that killed processes of this machine left behind; returns how many.

    To be called before anything is copied: what bears this process's id is of another life of it.
    """
    host = f"{socket.gethostname()}-"
    removed = 0
    for copy in folder.glob(f"{host}*") if folder.is_dir() else ():
        owner = copy.name.removeprefix(host).split("-", 1)[0]
        if owner.isdigit() and (int(owner) == os.getpid() or not psutil.pid_exists(int(owner))):
            copy.unlink(missing_ok=True)
            removed += 1
    return removed


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _http_status(error: Exception) -> int | None:
    """The status that a server answered with; fsspec makes a "file not found" of all of them."""
    statuses = (getattr(cause, "status", None) for cause in _causes(error))
    return next((status for status in statuses if isinstance(status, int) and status >= 400), None)


def _is_network_fault(error: Exception) -> bool:
    return any(
        isinstance(cause, ConnectionError | TimeoutError) or type(cause).__module__.startswith("aiohttp")
        for cause in _causes(error)
    )


def _owner() -> str:
    return f"{socket.gethostname()}-{os.getpid()}"


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk


def _http_timeout(seconds: float) -> Any:
    # Imported here: aiohttp is there only where http sources are wanted.
    import aiohttp  # noqa: PLC0415

    return aiohttp.ClientTimeout(total=None, connect=seconds, sock_read=seconds)
