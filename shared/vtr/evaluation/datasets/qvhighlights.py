"""QVHighlights (Lei, Berg and Bansal, NeurIPS 2021).

Files in the root: ``highlight_train_release.jsonl``, ``highlight_val_release.jsonl`` and
``highlight_test_release.jsonl``, a query a line::

    {"qid": 8737, "query": "...", "duration": 126, "vid": "bP5KfdFJzC4_660.0_810.0",
     "relevant_windows": [[0, 16]], "relevant_clip_ids": [...], "saliency_scores": [...]}

The windows of the test split are not published; its moments cannot be measured here, and asking for them
says so. Videos lie in ``videos/<vid>.mp4``, already cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from vtr.evaluation.datasets.base import MomentQuery, Video
from vtr.evaluation.datasets.files import DatasetError, read_jsonl, split_of


class _Query(msgspec.Struct):
    qid: int
    query: str
    duration: float
    vid: str
    relevant_windows: list[tuple[float, float]] | None = None


@dataclass(frozen=True)
class QvHighlights:
    """QVHighlights in directory ``root``: a :class:`~vtr.evaluation.datasets.base.MomentDataset`."""

    root: Path
    name: str = "qvhighlights"
    splits: Sequence[str] = ("train", "val", "test")
    _read: dict[str, list[tuple[int, _Query]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def videos(self, split: str) -> list[Video]:
        ids = dict.fromkeys(q.vid for _, q in self._lines(split))
        return [Video(id_, self.root / "videos" / f"{id_}.mp4") for id_ in ids]

    def moments(self, split: str) -> list[MomentQuery]:
        found = []
        for number, q in self._lines(split):
            where = f"{self._path(split)}:{number}: relevant_windows"
            if not q.relevant_windows:
                reason = "none; those of the test split are not published" if split == "test" else "none"
                raise DatasetError(f"{where}: {reason}")
            for start, end in q.relevant_windows:
                if not 0 <= start < end <= q.duration:
                    raise DatasetError(f"{where}: [{start:g}, {end:g}] is not within {q.duration:g} s")
            found.append(
                MomentQuery(str(q.qid), q.query.strip(), q.vid, q.duration, tuple(q.relevant_windows))
            )
        return found

    def _path(self, split: str) -> Path:
        return self.root / f"highlight_{split_of(split, self.splits, self.name)}_release.jsonl"

    def _lines(self, split: str) -> list[tuple[int, _Query]]:
        if split not in self._read:
            self._read[split] = list(read_jsonl(self._path(split), _Query))
        return self._read[split]
