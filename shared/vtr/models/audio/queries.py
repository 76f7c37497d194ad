"""The questions about sound that a split of the corpus holds, each with the videos that answer it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtr.evaluation.corpus.record import VideoRecord
from vtr.models.audio.heard import BOTH, FULL, SOUND, captions_of, heard_in

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Questions:
    """``texts`` [Q] with what is ``relevant`` bool [Q, N] among the N videos of a gallery."""

    texts: list[str]
    relevant: Bools


def heard_questions(records: Sequence[VideoRecord]) -> Questions:
    """Texts that name a sound, a spoken word or both, and nothing that is seen.

    Right is every video in which all of it is heard: a text cannot tell two bells apart. The same text of a
    scene and of its edits is asked once.
    """
    heard = [heard_in(record) for record in records]
    asked: dict[tuple[str, str], frozenset[str]] = {}
    for record, named in zip(records, heard, strict=True):
        for caption in captions_of(record, SOUND):
            asked.setdefault((record.group, caption.text), named)
    relevant = np.array([[named <= one for one in heard] for named in asked.values()], dtype=np.bool_)
    return Questions([text for _, text in asked], relevant.reshape(len(asked), len(records)))


def told_questions(records: Sequence[VideoRecord], kind: str) -> Questions:
    """Texts of ``kind`` both (all that is seen and heard) or full (all that is seen), one a video.

    Right is the video itself, and any other in which the same is seen and, for both, heard: what differs
    from a scene in its sound alone looks the same.
    """
    if kind not in {BOTH, FULL}:
        raise ValueError(f"kind: {kind!r} is neither {BOTH!r} nor {FULL!r}")
    asked = [
        (row, caption.text) for row, record in enumerate(records) for caption in captions_of(record, kind)[:1]
    ]
    relevant = np.zeros((len(asked), len(records)), dtype=np.bool_)
    looks = [captions_of(record, FULL)[0].text for record in records]
    heard = [heard_in(record) for record in records]
    for number, (row, _) in enumerate(asked):
        relevant[number] = [
            records[row].group == other.group and looks[row] == look and (kind == FULL or heard[row] == one)
            for other, look, one in zip(records, looks, heard, strict=True)
        ]
    return Questions([text for _, text in asked], relevant)


def sound_pairs(records: Sequence[VideoRecord]) -> list[tuple[str, int, int]]:
    """(text, right, wrong): a text of all that is seen and heard in one of two videos that differ in what is
    heard alone, and the rows of the two."""
    rows = {record.id: row for row, record in enumerate(records)}
    bases = {record.group: record for record in records if record.member == "base"}
    found = []
    for record in records:
        base = bases.get(record.group)
        if record.member not in {"sound", "word"} or base is None or heard_in(record) == heard_in(base):
            continue
        for one, other in ((record, base), (base, record)):
            found += [(c.text, rows[one.id], rows[other.id]) for c in captions_of(one, BOTH)[:1]]
    return found
