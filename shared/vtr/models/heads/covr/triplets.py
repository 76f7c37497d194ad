"""Composed triplets: an example, a text that changes it, the answer."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from vtr.evaluation.corpus.read import Corpus


class ComposedTriplet(msgspec.Struct, frozen=True, kw_only=True):
    """``reference`` + ``text`` -> ``target``; ids are those of the corpus.

    ``factor``: what changes, for results by kind of change: a factor of a generated corpus, or the kind of
    words that differ (see :mod:`vtr.models.heads.covr.modification`).
    """

    reference: str
    text: str
    target: str
    factor: str


def from_corpus(corpus: Corpus, split: str) -> list[ComposedTriplet]:
    """The triplets of ``split`` that a generated corpus was made with.

    Raises ValueError if the corpus has none for the split; a triplet names videos of its own split alone.
    """
    found = [
        ComposedTriplet(reference=t.reference, text=t.text, target=t.target, factor=t.factor)
        for t in corpus.triplets
        if t.split == split
    ]
    if not found:
        known = sorted({t.split for t in corpus.triplets})
        raise ValueError(
            f"split: {split!r} has no triplets; those with some are {', '.join(known) or 'none'}"
        )
    return found


def write_triplets(path: Path, triplets: Iterable[ComposedTriplet]) -> int:
    """One JSON object a line; returns how many."""
    lines = [msgspec.json.encode(triplet) for triplet in triplets]
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return len(lines)


def read_triplets(path: Path) -> list[ComposedTriplet]:
    """The inverse of :func:`write_triplets`. Raises ValueError with the file, the line and the reason."""
    found = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            found.append(msgspec.json.decode(line, type=ComposedTriplet))
        except msgspec.MsgspecError as error:
            raise ValueError(f"{path}:{number}: {error}") from error
    return found
