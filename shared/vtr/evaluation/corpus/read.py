"""Reads a corpus that :mod:`vtr.evaluation.corpus.make` wrote."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from vtr.evaluation.corpus.record import AdverbItem, Gallery, Manifest, Triplet, VideoRecord

R = TypeVar("R", bound=msgspec.Struct)

MANIFEST = "corpus.json"
ANNOTATIONS, TRIPLETS, GALLERIES, ADVERBS = (
    "annotations.jsonl",
    "triplets.jsonl",
    "galleries.jsonl",
    "adverbs.jsonl",
)


class CorpusError(ValueError):
    """A corpus cannot be read; the message names the file, the line and the reason."""


@dataclass(frozen=True)
class Corpus:
    """A corpus on disk. Files are read when first asked for, and kept."""

    root: Path
    manifest: Manifest

    @cached_property
    def videos(self) -> dict[str, VideoRecord]:
        """All videos by id, in the order of the file."""
        return {r.id: r for r in read_lines(self.root / ANNOTATIONS, VideoRecord)}

    @cached_property
    def triplets(self) -> list[Triplet]:
        return read_lines(self.root / TRIPLETS, Triplet)

    @cached_property
    def galleries(self) -> list[Gallery]:
        return read_lines(self.root / GALLERIES, Gallery)

    @cached_property
    def adverbs(self) -> list[AdverbItem]:
        return read_lines(self.root / ADVERBS, AdverbItem)

    def split(self, name: str, *, bases_only: bool = False) -> list[VideoRecord]:
        """The videos of one split. ``bases_only``: without the counterfactual edits, as a random gallery."""
        return [r for r in self.videos.values() if r.split == name and (r.member == "base" or not bases_only)]

    def path(self, record: VideoRecord) -> Path:
        return self.root / record.file


def open_corpus(root: Path) -> Corpus:
    """The corpus in directory ``root``. Raises :class:`CorpusError` if none is there or it is unfinished."""
    path = root / MANIFEST
    try:
        return Corpus(root, msgspec.json.decode(path.read_bytes(), type=Manifest))
    except OSError as error:
        raise CorpusError(f"{path}: {error.strerror}; make it with `vtr corpus make --out {root}`") from error
    except msgspec.MsgspecError as error:
        raise CorpusError(f"{path}: {error}") from error


def read_lines(path: Path, kind: type[R]) -> list[R]:
    """The records of a JSON-lines file. Raises :class:`CorpusError` with the line."""
    decoder = msgspec.json.Decoder(kind)
    found = []
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                try:
                    found.append(decoder.decode(line))
                except msgspec.MsgspecError as error:
                    raise CorpusError(f"{path}:{number}: {error}") from error
    except OSError as error:
        raise CorpusError(f"{path}: {error.strerror}") from error
    return found


def boxes_of(record: VideoRecord) -> list[NDArray[np.int64]]:
    """The boxes of each object of ``record``: int [T, 4], x0 y0 x1 y1 in pixels, zeros where unseen."""
    return [np.array(o.boxes, dtype=np.int64).reshape(-1, 4) for o in record.objects]
