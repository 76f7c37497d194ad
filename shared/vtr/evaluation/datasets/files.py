"""Reads annotation files, so that a broken one is told by file, line and field."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

T = TypeVar("T")

# Captions can be longer than what csv allows by default.
_FIELD_LIMIT = 10_000_000


class DatasetError(ValueError):
    """Annotation files are missing or broken; the message names the file, the line or entry, the field."""


def read_text(path: Path) -> str:
    """The text of ``path`` (UTF-8, with or without a byte order mark)."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path}: not UTF-8 at byte {error.start}") from error


def read_names(path: Path) -> list[str]:
    """A list with one name a line; blank lines do not count. Raises for a name that stands there twice."""
    first: dict[str, int] = {}
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        name = line.strip()
        if not name:
            continue
        if name in first:
            raise DatasetError(f"{path}:{number}: {name} is already on line {first[name]}")
        first[name] = number
    if not first:
        raise DatasetError(f"{path}: names nothing")
    return list(first)


def read_json(path: Path, kind: type[T]) -> T:
    """A JSON document of type ``kind``. What does not fit is named as in ``$[3].times`` (counted from 0)."""
    text = read_text(path)
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError as error:
        raise DatasetError(f"{path}: {error}") from error
    except msgspec.DecodeError as error:
        raise DatasetError(f"{path}:{_line_of(error, text)}: {error}") from error


def read_jsonl(path: Path, kind: type[T]) -> Iterator[tuple[int, T]]:
    """The line numbers and records of a file of JSON lines; blank lines are skipped."""
    decoder = msgspec.json.Decoder(kind)
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            yield number, decoder.decode(line)
        except msgspec.MsgspecError as error:
            raise DatasetError(f"{path}:{number}: {error}") from error


@dataclass(frozen=True)
class Line:
    """One line of a CSV file, with what is needed to complain about it."""

    path: Path
    number: int
    fields: Mapping[str, str]

    def text(self, *names: str) -> str:
        """The first of the columns ``names`` that the file has; it must not be empty."""
        name = self._column(names)
        value = self.fields[name].strip()
        if not value:
            raise self.error(name, "is empty")
        return value

    def number_of(self, *names: str) -> float:
        """As :meth:`text`, as a finite number."""
        name = self._column(names)
        try:
            value = float(self.fields[name])
        except ValueError:
            raise self.error(name, f"{self.fields[name]!r} is not a number") from None
        if not math.isfinite(value):
            raise self.error(name, f"{value} is not finite")
        return value

    def error(self, field: str, reason: str) -> DatasetError:
        """The complaint about ``field`` of this line."""
        return DatasetError(f"{self.path}:{self.number}: {field}: {reason}")

    def _column(self, names: tuple[str, ...]) -> str:
        found = next((name for name in names if name in self.fields), None)
        if found is None:
            raise DatasetError(f"{self.path}: no column {' or '.join(names)}, but {', '.join(self.fields)}")
        return found


def read_csv(path: Path, columns: Sequence[str] = ()) -> list[Line]:
    """The lines of a CSV file with a header, which has at least ``columns``."""
    csv.field_size_limit(_FIELD_LIMIT)
    reader = csv.reader(io.StringIO(read_text(path)), strict=True)
    found: list[Line] = []
    try:
        header = next(reader, None)
        if not header:
            raise DatasetError(f"{path}: empty, without even a header")
        if missing := [c for c in columns if c not in header]:
            raise DatasetError(f"{path}: no column {', '.join(missing)}, but {', '.join(header)}")
        for values in reader:
            if not values:
                continue
            if len(values) != len(header):
                raise DatasetError(
                    f"{path}:{reader.line_num}: {len(values)} fields where the header has {len(header)}"
                )
            found.append(Line(path, reader.line_num, dict(zip(header, values, strict=True))))
    except csv.Error as error:
        raise DatasetError(f"{path}:{reader.line_num}: {error}") from error
    return found


def unique(items: Sequence[T], key: Callable[[T], str], path: Path) -> list[T]:
    """``items``, each key once. Raises if two share one, since results are kept by it."""
    seen: set[str] = set()
    for item in items:
        if key(item) in seen:
            raise DatasetError(f"{path}: {key(item)!r} occurs twice")
        seen.add(key(item))
    return list(items)


def split_of(split: str, splits: Sequence[str], name: str) -> str:
    """``split``, if the data set called ``name`` has it. Raises :class:`DatasetError` otherwise."""
    if split not in splits:
        raise DatasetError(f"{name}: no split {split!r}; it has {', '.join(splits)}")
    return split


def _line_of(error: Exception, text: str) -> int:
    """The line at which a JSON document stops being one."""
    at = re.search(r"byte (\d+)", str(error))
    return text.encode()[: int(at.group(1))].count(b"\n") + 1 if at else text.count("\n") + 1
