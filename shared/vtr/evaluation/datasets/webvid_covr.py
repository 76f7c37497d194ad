"""WebVid-CoVR (Ventura et al., AAAI 2024).

Files in the root or in its folder ``annotation/webvid-covr``, with the columns ``txt1, txt2, pth1, pth2,
edit`` and others that are not needed::

    webvid2m-covr_train.csv     videos in 2M/train/<pth>.mp4
    webvid8m-covr_val.csv       videos in 8M/train/<pth>.mp4
    webvid8m-covr_test.csv      videos in 8M/train/<pth>.mp4

``pth1`` changed as ``edit`` says is ``pth2``; ``txt1`` and ``txt2`` are their captions. The gallery of a
split is its targets, as in the paper; the references are read with :meth:`WebVidCovr.references`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vtr.evaluation.datasets.base import ComposedQuery, Video
from vtr.evaluation.datasets.files import Line, read_csv, split_of

FILES = {
    "train": ("webvid2m-covr_train.csv", "2M"),
    "val": ("webvid8m-covr_val.csv", "8M"),
    "test": ("webvid8m-covr_test.csv", "8M"),
}
COLUMNS = ("txt1", "txt2", "pth1", "pth2", "edit")


@dataclass(frozen=True)
class WebVidCovr:
    """WebVid-CoVR in directory ``root``: a :class:`~vtr.evaluation.datasets.base.ComposedDataset`."""

    root: Path
    name: str = "webvid-covr"
    splits: Sequence[str] = tuple(FILES)
    _read: dict[str, list[Line]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def videos(self, split: str) -> list[Video]:
        return self._unique(split, "pth2")

    def references(self, split: str) -> list[Video]:
        """The example videos of the queries, each once; some are targets of others."""
        return self._unique(split, "pth1")

    def triplets(self, split: str) -> list[ComposedQuery]:
        found = []
        for n, line in enumerate(self._lines(split)):
            reference, target = line.text("pth1"), line.text("pth2")
            if reference == target:
                raise line.error("pth2", f"{target} is the reference itself")
            found.append(
                ComposedQuery(f"{split}-{n}", reference, line.text("edit"), target, line.text("txt2"))
            )
        return found

    def _unique(self, split: str, column: str) -> list[Video]:
        ids = dict.fromkeys(line.text(column) for line in self._lines(split))
        folder = self.root / FILES[split][1] / "train"
        return [Video(id_, folder / f"{id_}.mp4") for id_ in ids]

    def _lines(self, split: str) -> list[Line]:
        if split not in self._read:
            name = FILES[split_of(split, self.splits, self.name)][0]
            nested = self.root / "annotation" / "webvid-covr" / name
            self._read[split] = read_csv(nested if nested.exists() else self.root / name, COLUMNS)
        return self._read[split]
