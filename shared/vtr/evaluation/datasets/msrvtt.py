"""MSR-VTT, the 1k-A split (Xu et al., CVPR 2016; Yu et al., ECCV 2018).

Files in the root, as they are passed around::

    MSRVTT_JSFUSION_test.csv   key,vid_key,video_id,sentence   1,000 test pairs, one sentence each
    MSRVTT_train.9k.csv        video_id                        9,000 videos to train on
    MSRVTT_data.json           {"videos": [...], "sentences": [{"caption", "video_id", "sen_id"}]}
    videos/all/<video_id>.mp4

There is no validation split: whoever fits a parameter takes videos away from training for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec

from vtr.evaluation.datasets.base import TextQuery, Video
from vtr.evaluation.datasets.files import DatasetError, Line, read_csv, read_json, split_of, unique

TEST_FILE, TRAIN_FILE, DATA_FILE = "MSRVTT_JSFUSION_test.csv", "MSRVTT_train.9k.csv", "MSRVTT_data.json"


class _Sentence(msgspec.Struct):
    caption: str
    video_id: str
    sen_id: int


class _Data(msgspec.Struct):
    sentences: list[_Sentence]


@dataclass(frozen=True)
class MsrVtt:
    """MSR-VTT 1k-A in directory ``root``: a :class:`~vtr.evaluation.datasets.base.RetrievalDataset`."""

    root: Path
    name: str = "msrvtt-1k-a"
    splits: Sequence[str] = ("train", "test")

    @cached_property
    def _test(self) -> list[Line]:
        path = self.root / TEST_FILE
        return unique(
            read_csv(path, ["key", "video_id", "sentence"]), lambda line: line.text("video_id"), path
        )

    @cached_property
    def _train(self) -> list[str]:
        path = self.root / TRAIN_FILE
        return unique([line.text("video_id") for line in read_csv(path)], str, path)

    def videos(self, split: str) -> list[Video]:
        ids = (
            self._train
            if split_of(split, self.splits, self.name) == "train"
            else [line.text("video_id") for line in self._test]
        )
        return [Video(id_, self.root / "videos" / "all" / f"{id_}.mp4") for id_ in ids]

    def queries(self, split: str) -> list[TextQuery]:
        if split_of(split, self.splits, self.name) == "test":
            return [TextQuery(x.text("key"), x.text("sentence"), x.text("video_id")) for x in self._test]
        path, wanted = self.root / DATA_FILE, set(self._train)
        found = [
            TextQuery(f"sen{s.sen_id}", s.caption.strip(), s.video_id)
            for s in read_json(path, _Data).sentences
            if s.video_id in wanted
        ]
        if without := sorted(wanted - {q.video for q in found}):
            raise DatasetError(f"{path}: sentences: none of {without[0]}, which {TRAIN_FILE} lists")
        return found
