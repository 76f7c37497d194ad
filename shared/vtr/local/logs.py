"""Many log files as one: each line with its process's name in front, in a colour of its own."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

# ANSI foreground colours that read on dark and light grounds.
_COLOURS = (36, 33, 35, 32, 34, 91, 96, 93, 95, 92, 94)
_MAX_LINE = 64 * 1024


class _Tail:
    """New whole lines of one file, which may not exist yet, be replaced or be cut."""

    def __init__(self, path: Path, offset: int) -> None:
        self._path, self._offset = path, offset
        self._file: BinaryIO | None = None
        self._partial = b""

    def lines(self) -> list[str]:
        if self._file is None and not self._open():
            return []
        assert self._file is not None  # noqa: S101  (for the type checker)
        data = self._partial + self._file.read()
        self._offset = self._file.tell()
        if not data.endswith(b"\n") and len(data) < _MAX_LINE:
            data, newline, self._partial = data.rpartition(b"\n")
            data += newline
        else:
            self._partial = b""
        self._reopen_if_replaced()
        return data.decode("utf-8", "replace").splitlines()

    def _open(self) -> bool:
        try:
            self._file = self._path.open("rb")
        except FileNotFoundError:
            return False
        self._file.seek(self._offset)
        return True

    def _reopen_if_replaced(self) -> None:
        assert self._file is not None  # noqa: S101
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return
        if there.st_ino != os.fstat(self._file.fileno()).st_ino or there.st_size < self._offset:
            self._file.close()
            self._file, self._offset = None, 0

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


class LogView:
    """Follows log files and passes their lines on.

    ``sources`` maps a process's name to its log; ``write`` takes one line without its end. Lines that were
    there when the view was made are left out unless ``from_start``.
    """

    def __init__(
        self,
        sources: Mapping[str, Path],
        write: Callable[[str], None],
        *,
        colour: bool = True,
        from_start: bool = False,
    ) -> None:
        self._write = write
        width = max((len(name) for name in sources), default=0)
        self._tails: list[tuple[str, _Tail]] = []
        for index, (name, path) in enumerate(sources.items()):
            prefix = f"{name:<{width}} | "
            if colour:
                prefix = f"\x1b[{_COLOURS[index % len(_COLOURS)]}m{prefix}\x1b[0m"
            offset = 0 if from_start or not path.exists() else path.stat().st_size
            self._tails.append((prefix, _Tail(path, offset)))

    def pump(self) -> int:
        """Pass on what is new; the number of lines."""
        count = 0
        for prefix, tail in self._tails:
            for line in tail.lines():
                self._write(prefix + line)
                count += 1
        return count

    def follow(self, stop: threading.Event, interval_s: float = 0.2) -> None:
        """Pass lines on until told to stop, then what is left."""
        while not stop.is_set():
            if not self.pump():
                time.sleep(interval_s)
        self.pump()

    def close(self) -> None:
        """Close the files."""
        for _, tail in self._tails:
            tail.close()
