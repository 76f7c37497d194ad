"""Manifests: many videos in one JSON Lines or CSV file, read as a stream."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from vtr.cli.clock import parse_time
from vtr.cli.errors import CliError, usage_error
from vtr.cli.submission import FieldError, Refusal, make_submission
from vtr.contracts.events import VideoSubmitted

COLUMNS = (
    "uri",
    "title",
    "description",
    "tags",
    "language",
    "video_id",
    "captions_uri",
    "published_at",
)
"""``uri`` is required. In CSV, tags are separated by semicolons."""

JSONL_SUFFIXES = {".jsonl", ".ndjson"}
CSV_SUFFIXES = {".csv"}
_TAG_SEPARATOR = ";"

Row = dict[str, Any]
Line = tuple[int, Row | Refusal]


def is_manifest(path: Path) -> bool:
    return path.suffix.lower() in JSONL_SUFFIXES | CSV_SUFFIXES


def check_manifest(path: Path) -> None:
    """Raise a usage error when ``path`` as a whole is no manifest: its CSV header is wrong."""
    if path.suffix.lower() in CSV_SUFFIXES:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            _csv_header(path, csv.reader(file, strict=True))


def read_manifest(
    path: Path, *, tenant: str, defaults: Row | None = None
) -> Iterator[VideoSubmitted | Refusal]:
    """Each line of ``path`` as an event, or as a refusal that names file, line, column and reason.

    ``defaults`` fill columns that a line leaves empty. Relative paths start at its folder. One line
    is held at a time; only the ids are remembered, since a repeated one is refused.

    Raises a usage error when the file as a whole is no manifest (its suffix, its CSV header).
    """
    seen: dict[str, int] = {}
    suffix = path.suffix.lower()
    lines = _csv_lines(path) if suffix in CSV_SUFFIXES else _json_lines(path)
    for number, row in lines:
        if isinstance(row, Refusal):
            yield row
            continue
        try:
            event = _event(row, path.parent, tenant, defaults or {})
        except FieldError as error:
            yield refuse(path, number, error.field, error.reason)
            continue
        if (first := seen.setdefault(event.video_id, number)) != number:
            yield refuse(path, number, "video_id", f"{event.video_id!r} was already given on line {first}")
            continue
        yield event


def refuse(path: Path, line: int, column: str, reason: str) -> Refusal:
    return Refusal(f"{path}:{line}", f"column {column}: {reason}" if column else reason)


def _event(row: Row, folder: Path, tenant: str, defaults: Row) -> VideoSubmitted:
    given = {**defaults, **{name: value for name, value in row.items() if value not in (None, "", [])}}
    if unknown := sorted(set(row) - set(COLUMNS)):
        raise FieldError(unknown[0], f"is not a column; the columns are {', '.join(COLUMNS)}")
    for name in ("uri", "captions_uri"):
        if isinstance(given.get(name), str):
            given[name] = absolute_uri(given[name], folder)
    if isinstance(tags := given.get("tags"), str):
        given["tags"] = [tag.strip() for tag in tags.split(_TAG_SEPARATOR) if tag.strip()]
    if isinstance(published := given.get("published_at"), str):
        try:
            given["published_at"] = parse_time(published, "published_at")
        except CliError as error:
            raise FieldError("published_at", error.message.partition(": ")[2]) from error
    return make_submission(given, tenant)


def absolute_uri(uri: str, folder: Path) -> str:
    """``uri`` as it is, or, for a path, the ``file://`` uri of it seen from ``folder``.

    Not percent-encoded: fsspec takes the rest of a ``file://`` uri for the path as it stands.
    """
    if "://" in uri:
        return uri
    # Not resolve(): a link's name is the video's name, wherever it points to.
    return "file://" + os.path.abspath(folder / uri)  # noqa: PTH100


def _json_lines(path: Path) -> Iterator[Line]:
    decoder = msgspec.json.Decoder()
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if not text.strip():
                continue
            try:
                row = decoder.decode(text)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                yield number, refuse(path, number, "", f"is not JSON: {error}")
                continue
            if not isinstance(row, dict):
                yield number, refuse(path, number, "", f"is not a JSON object but {type(row).__name__}")
                continue
            yield number, row


def _csv_lines(path: Path) -> Iterator[Line]:
    # surrogateescape keeps one line that is not UTF-8 from ending the file; the line itself is refused.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        reader = csv.reader(file, strict=True)
        header = _csv_header(path, reader)
        while True:
            number = reader.line_num + 1
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield number, refuse(path, number, "", f"is not CSV: {error}")
                continue
            if values:
                yield number, _csv_row(path, number, header, values)


def _csv_header(path: Path, reader: Iterator[list[str]]) -> list[str]:
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise usage_error(f"{path}:1: is not CSV: {error}") from error
    columns = f"The columns are {', '.join(COLUMNS)}; uri is required."
    if "uri" not in header:
        raise usage_error(f"{path}:1: the header has no column uri", columns)
    if unknown := [name for name in header if name not in COLUMNS]:
        raise usage_error(f"{path}:1: {unknown[0]!r} is not a column", columns)
    if len(set(header)) < len(header):
        raise usage_error(f"{path}:1: a column stands twice in the header", columns)
    return header


def _csv_row(path: Path, number: int, header: Sequence[str], values: list[str]) -> Row | Refusal:
    if len(values) != len(header):
        return refuse(path, number, "", f"has {len(values)} values, but the header has {len(header)} columns")
    for name, value in zip(header, values, strict=True):
        try:
            value.encode()
        except UnicodeEncodeError:
            return refuse(path, number, name, "is not UTF-8")
    return {name: value.strip() for name, value in zip(header, values, strict=True)}
