"""DiDeMo (Hendricks et al., ICCV 2017).

Files in the root: ``train_data.json``, ``val_data.json``, ``test_data.json``, each a list of::

    {"annotation_id": 7, "description": "...", "video": "1234@N01_567.mov", "times": [[3, 3], [3, 4], ...],
     "num_segments": 6}

``times`` are what each annotator marked, in chunks of 5 s, the last chunk included: (3, 4) is 15 s to 25 s.
Videos were cut to 30 s for annotation. They lie in ``videos/<video>``.

As retrieval the descriptions of a video are joined to one paragraph, as it is always evaluated; as moments
each description is a query, and the windows are those on which at least two annotators agree (those of all
if no two do), most votes first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from vtr.evaluation.datasets.base import MomentQuery, TextQuery, Video
from vtr.evaluation.datasets.files import DatasetError, read_json, split_of

CHUNK_S = 5.0
MOST_CHUNKS = 6


class _Description(msgspec.Struct):
    annotation_id: int
    description: str
    video: str
    times: list[tuple[int, int]]
    num_segments: int = MOST_CHUNKS


@dataclass(frozen=True)
class DiDeMo:
    """DiDeMo in directory ``root``: a retrieval data set (paragraphs) and a moment data set."""

    root: Path
    name: str = "didemo"
    splits: Sequence[str] = ("train", "val", "test")
    _read: dict[str, list[_Description]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def videos(self, split: str) -> list[Video]:
        ids = dict.fromkeys(d.video for d in self._descriptions(split))
        return [Video(id_, self.root / "videos" / id_, 0.0, CHUNK_S * MOST_CHUNKS) for id_ in ids]

    def queries(self, split: str) -> list[TextQuery]:
        paragraphs: dict[str, list[str]] = {}
        for d in self._descriptions(split):
            paragraphs.setdefault(d.video, []).append(d.description.strip())
        return [TextQuery(video, " ".join(texts), video) for video, texts in paragraphs.items()]

    def moments(self, split: str) -> list[MomentQuery]:
        return [
            MomentQuery(
                str(d.annotation_id), d.description.strip(), d.video, CHUNK_S * d.num_segments, _windows(d)
            )
            for d in self._descriptions(split)
        ]

    def _descriptions(self, split: str) -> list[_Description]:
        if split not in self._read:
            path = self.root / f"{split_of(split, self.splits, self.name)}_data.json"
            found = read_json(path, list[_Description])
            for n, d in enumerate(found):
                if not d.times:
                    raise DatasetError(f"{path}: $[{n}].times: nobody marked a moment")
                for first, last in d.times:
                    if not 0 <= first <= last < MOST_CHUNKS:
                        raise DatasetError(
                            f"{path}: $[{n}].times: [{first}, {last}] is not within {MOST_CHUNKS} chunks"
                        )
            self._read[split] = found
        return self._read[split]


def _windows(description: _Description) -> tuple[tuple[float, float], ...]:
    votes = Counter(description.times).most_common()
    agreed = [window for window, count in votes if count > 1] or [window for window, _ in votes]
    return tuple((CHUNK_S * first, CHUNK_S * (last + 1)) for first, last in agreed)
