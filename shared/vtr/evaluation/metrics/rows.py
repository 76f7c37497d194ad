"""One measured number, with everything that is needed to read it right."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

TEXT_TO_VIDEO, VIDEO_TO_TEXT, COMPOSED = "text to video", "video to text", "composed retrieval"
MOMENTS, ADVERBS, REGIONS, SOUND = "moments", "adverbs", "regions", "sound and speech"
FACTORS = "one factor swapped"
"""The tasks, by the name under which their results stand together."""


class RowsError(ValueError):
    """A file of results cannot be read; the message names the file, the line and the reason."""


class ResultRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``metric`` of ``method`` on ``task``, measured with one ``seed``.

    ``data`` and ``split`` name what was measured on, ``gallery`` how many items stood to choice and
    ``queries`` how many were asked. ``transductive`` has no default: whoever measures has to know.
    ``baseline``: the method is there to be compared with. Percentages are 0..100.
    """

    task: str
    data: str
    split: str
    method: str
    metric: str
    value: float
    seed: int
    gallery: int
    queries: int
    transductive: bool
    baseline: bool = False

    def __post_init__(self) -> None:
        for name in ("task", "data", "split", "method", "metric"):
            if not getattr(self, name).strip():
                raise ValueError(f"{name}: is empty")
        if self.gallery < 1 or self.queries < 1:
            raise ValueError(f"gallery, queries: {self.gallery}, {self.queries}; each is at least 1")
        if self.value != self.value or self.value in (float("inf"), float("-inf")):
            raise ValueError(f"value: {self.value}")


def rows_of(
    metrics: Mapping[str, float],
    *,
    task: str,
    data: str,
    split: str,
    method: str,
    seed: int,
    gallery: int,
    queries: int,
    transductive: bool,
    baseline: bool = False,
) -> list[ResultRow]:
    """A row for each of ``metrics``, as the functions of this package return them."""
    return [
        ResultRow(
            task=task,
            data=data,
            split=split,
            method=method,
            metric=metric,
            value=float(value),
            seed=seed,
            gallery=gallery,
            queries=queries,
            transductive=transductive,
            baseline=baseline,
        )
        for metric, value in metrics.items()
    ]


def write_rows(path: Path, rows: Iterable[ResultRow]) -> None:
    """Writes ``rows`` as JSON lines, all or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
    temporary.replace(path)


def read_rows(path: Path) -> list[ResultRow]:
    """The rows that :func:`write_rows` wrote. Raises :class:`RowsError`."""
    decoder = msgspec.json.Decoder(ResultRow)
    found = []
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise RowsError(f"{path}: {error.strerror}") from error
    for number, line in enumerate(lines, start=1):
        try:
            found.append(decoder.decode(line))
        except msgspec.MsgspecError as error:
            raise RowsError(f"{path}:{number}: {error}") from error
    return found
