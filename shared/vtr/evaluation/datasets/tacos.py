"""TACoS (Regneri et al., TACL 2013), in the form that moment retrieval uses (Gao et al., ICCV 2017).

Files in the root: ``train.json``, ``val.json``, ``test.json``, each::

    {"s13-d21.avi": {"timestamps": [[252, 452], ...], "sentences": ["...", ...], "fps": 29.4,
                     "num_frames": 9000}}

``timestamps`` are frames. The published files hold a few that do not end after they start; those are left
out, as everybody does, and :meth:`Tacos.dropped` names them. Videos lie in ``videos/<name>``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from vtr.evaluation.datasets.base import MomentQuery, Video
from vtr.evaluation.datasets.files import DatasetError, read_json, split_of


class _Annotated(msgspec.Struct):
    timestamps: list[tuple[float, float]]
    sentences: list[str]
    fps: float
    num_frames: int


@dataclass(frozen=True)
class Tacos:
    """TACoS in directory ``root``: a :class:`~vtr.evaluation.datasets.base.MomentDataset`."""

    root: Path
    name: str = "tacos"
    splits: Sequence[str] = ("train", "val", "test")
    _read: dict[str, dict[str, _Annotated]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def videos(self, split: str) -> list[Video]:
        return [Video(id_, self.root / "videos" / id_) for id_ in self._videos(split)]

    def moments(self, split: str) -> list[MomentQuery]:
        found = []
        for video, annotated in self._videos(split).items():
            duration = annotated.num_frames / annotated.fps
            for n, (sentence, window) in enumerate(
                zip(annotated.sentences, annotated.timestamps, strict=True)
            ):
                start, end = max(0.0, window[0] / annotated.fps), min(duration, window[1] / annotated.fps)
                if start < end:
                    found.append(
                        MomentQuery(f"{video}#{n}", sentence.strip(), video, duration, ((start, end),))
                    )
        return found

    def dropped(self, split: str) -> list[str]:
        """The ids of sentences whose moment does not end after it starts: no part of :meth:`moments`."""
        kept = {m.id for m in self.moments(split)}
        ids = (f"{video}#{n}" for video, a in self._videos(split).items() for n in range(len(a.sentences)))
        return [id_ for id_ in ids if id_ not in kept]

    def _videos(self, split: str) -> dict[str, _Annotated]:
        if split not in self._read:
            path = self.root / f"{split_of(split, self.splits, self.name)}.json"
            found = read_json(path, dict[str, _Annotated])
            for video, a in found.items():
                if len(a.timestamps) != len(a.sentences):
                    raise DatasetError(
                        f"{path}: {video}: timestamps: {len(a.timestamps)} for {len(a.sentences)} sentences"
                    )
                if not a.fps > 0 or a.num_frames < 1:
                    raise DatasetError(f"{path}: {video}: fps, num_frames: {a.fps:g}, {a.num_frames}")
            self._read[split] = found
        return self._read[split]
