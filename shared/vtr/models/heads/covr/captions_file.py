"""Captioned corpora as files: ``id<TAB>caption`` lines, CSV with a header, or JSON lines."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import msgspec


class CaptionLine(msgspec.Struct, frozen=True):
    """A line of a JSON-lines file; other fields are not looked at."""

    id: str
    caption: str


def read_captions(path: Path) -> Iterator[tuple[str, str]]:
    """(id, caption) pairs of ``path``: ``.jsonl``, ``.csv`` with columns id and caption, else tab-separated.

    Raises ValueError with the file, the line and the reason; OSError where it cannot be read.
    """
    with path.open(encoding="utf-8", newline="") as file:
        if path.suffix == ".jsonl":
            decoder = msgspec.json.Decoder(CaptionLine)
            for number, line in enumerate(file, start=1):
                try:
                    found = decoder.decode(line)
                except msgspec.MsgspecError as error:
                    raise ValueError(f"{path}:{number}: {error}") from error
                yield found.id, found.caption
        elif path.suffix == ".csv":
            reader = csv.DictReader(file)
            missing = {"id", "caption"} - set(reader.fieldnames or ())
            if missing:
                raise ValueError(f"{path}:1: no column {', '.join(sorted(missing))}")
            for row in reader:
                if not row["id"] or row["caption"] is None:
                    raise ValueError(f"{path}:{reader.line_num}: id or caption is missing")
                yield row["id"], row["caption"]
        else:
            for number, line in enumerate(file, start=1):
                name, tab, caption = line.rstrip("\r\n").partition("\t")
                if not name or not tab:
                    raise ValueError(f"{path}:{number}: no id and caption with a tab between them")
                yield name, caption
