"""MSVD (Chen and Dolan, ACL 2011), with the split of 1,200 / 100 / 670 videos.

Files in the root::

    train_list.txt, val_list.txt, test_list.txt   a video id a line
    AllVideoDescriptions.txt                      "<video id> <sentence>" a line; # begins a comment
    raw-captions.pkl                              or, in its place, {video id: [[word, ...], ...]} pickled
    YouTubeClips/<video id>.avi

About 40 sentences a video; all of them are queries.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from vtr.evaluation.datasets.base import TextQuery, Video
from vtr.evaluation.datasets.files import DatasetError, read_names, read_text, split_of

TEXT_FILE, PICKLE_FILE = "AllVideoDescriptions.txt", "raw-captions.pkl"


class _PlainUnpickler(pickle.Unpickler):
    """Unpickles dicts, lists, tuples, numbers and strings; a pickle that names anything else is refused,
    because it could run whatever it likes."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"names {module}.{name}; only containers and strings are read")


@dataclass(frozen=True)
class Msvd:
    """MSVD in directory ``root``: a :class:`~vtr.evaluation.datasets.base.RetrievalDataset`."""

    root: Path
    name: str = "msvd"
    splits: Sequence[str] = ("train", "val", "test")

    @cached_property
    def _captions(self) -> dict[str, list[str]]:
        text, pickled = self.root / TEXT_FILE, self.root / PICKLE_FILE
        if text.exists():
            return _from_text(text)
        if pickled.exists():
            return _from_pickle(pickled)
        raise DatasetError(f"{self.root}: neither {TEXT_FILE} nor {PICKLE_FILE}")

    def videos(self, split: str) -> list[Video]:
        names = read_names(self.root / f"{split_of(split, self.splits, self.name)}_list.txt")
        return [Video(id_, self.root / "YouTubeClips" / f"{id_}.avi") for id_ in names]

    def queries(self, split: str) -> list[TextQuery]:
        found = []
        for video in self.videos(split):
            if not self._captions.get(video.id):
                raise DatasetError(f"{self.root}: no sentence for {video.id}, which {split}_list.txt lists")
            found += [
                TextQuery(f"{video.id}#{n}", text, video.id)
                for n, text in enumerate(self._captions[video.id])
            ]
        return found


def _from_text(path: Path) -> dict[str, list[str]]:
    captions: dict[str, list[str]] = {}
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        video, _, sentence = line.strip().partition(" ")
        if not sentence.strip():
            raise DatasetError(f"{path}:{number}: sentence: none after {video}")
        captions.setdefault(video, []).append(sentence.strip())
    return captions


def _from_pickle(path: Path) -> dict[str, list[str]]:
    try:
        with path.open("rb") as file:
            raw = _PlainUnpickler(file, encoding="utf-8").load()
    except (pickle.UnpicklingError, EOFError, UnicodeDecodeError, ValueError, IndexError) as error:
        raise DatasetError(f"{path}: {error}") from error
    if not isinstance(raw, dict):
        raise DatasetError(f"{path}: a {type(raw).__name__} where video ids lead to sentences")
    captions: dict[str, list[str]] = {}
    for video, sentences in raw.items():
        if not isinstance(sentences, list | tuple):
            raise DatasetError(f"{path}: {video}: a {type(sentences).__name__} where sentences belong")
        for n, words in enumerate(sentences):
            if not isinstance(words, list | tuple) or not words or not all(isinstance(w, str) for w in words):
                raise DatasetError(f"{path}: {video}: sentence {n}: not a list of words")
            captions.setdefault(str(video), []).append(" ".join(words))
    return captions
