"""The adverb sets on which ReGaDa is measured: HowTo100M Adverbs (Doughty et al., CVPR 2020), VATEX, MSR-VTT
and ActivityNet Adverbs (Doughty and Snoek, CVPR 2022), AIR (Moltisanti et al., CVPR 2023), and the splits of
unseen compositions (Hummel et al., BMVC 2023).

Each set is a directory with ``train.csv`` and ``test.csv`` (AIR: ``train_df.csv`` and ``test_df.csv``), in
the unseen splits ``unlabelled.csv`` beside them, and the antonyms, ``adverb,antonym``, in ``antonyms.csv`` or
``adverbs.csv``. The releases name their columns differently; these are read:

========== ============================================= ==================================================
clip       ``clip_id``, ``seg_id`` or ``id``
action     ``clustered_action`` or ``clustered_verb``     the cluster, not the word that was written
adverb     ``clustered_adverb``
time       ``start_time`` and ``end_time``                or ``weak_timestamp``, when the narrator said it
========== ============================================= ==================================================

HowTo100M Adverbs gives a weak timestamp alone; the 20 s around it are taken, as its authors do. Clips lie in
``videos/<clip>.mp4``, already cut, so that their times begin at 0. A clip that is annotated more than once
(VATEX has several captions of each) is so many items on one video.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from vtr.evaluation.datasets.base import AdverbClip, Video
from vtr.evaluation.datasets.files import DatasetError, Line, read_csv, split_of

AROUND_S = 20.0
CLIP, ACTION, ADVERB = ("clip_id", "seg_id", "id"), ("clustered_action", "clustered_verb"), "clustered_adverb"
START, END, WEAK = "start_time", "end_time", "weak_timestamp"
ANTONYM_FILES = ("antonyms.csv", "adverbs.csv")

SETS = ("howto100m-adverbs", "air", "activitynet-adverbs", "msrvtt-adverbs", "vatex-adverbs")


@dataclass(frozen=True)
class Adverbs:
    """The adverb set called ``name`` in directory ``root``: an
    :class:`~vtr.evaluation.datasets.base.AdverbDataset`."""

    root: Path
    name: str
    splits: Sequence[str] = ("train", "test")
    _read: dict[str, list[AdverbClip]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def antonyms(self) -> dict[str, str]:
        path = next((p for f in ANTONYM_FILES if (p := self.root / f).exists()), None)
        if path is None:
            raise DatasetError(f"{self.root}: neither {' nor '.join(ANTONYM_FILES)}")
        found: dict[str, str] = {}
        for line in read_csv(path, ["adverb", "antonym"]):
            adverb, antonym = line.text("adverb"), line.text("antonym")
            if found.setdefault(adverb, antonym) != antonym or adverb == antonym:
                raise line.error("antonym", f"{antonym!r} of {adverb!r}, which has {found[adverb]!r}")
        return found

    def videos(self, split: str) -> list[Video]:
        ids = dict.fromkeys(clip.video for clip in self.clips(split))
        return [Video(id_, self.root / "videos" / f"{id_}.mp4") for id_ in ids]

    def clips(self, split: str) -> list[AdverbClip]:
        if split not in self._read:
            lines = self._lines(split_of(split, self.splits, self.name))
            trained = {(x.text(*ACTION), x.text(ADVERB)) for x in self._lines("train")}
            self._read[split] = [self._clip(line, trained) for line in lines]
        return self._read[split]

    def _lines(self, split: str) -> list[Line]:
        path = self.root / f"{split}.csv"
        if not path.exists() and (other := self.root / f"{split}_df.csv").exists():
            path = other
        return read_csv(path, [ADVERB])

    def _clip(self, line: Line, trained: set[tuple[str, str]]) -> AdverbClip:
        clip, action, adverb = line.text(*CLIP), line.text(*ACTION), line.text(ADVERB)
        if adverb not in self.antonyms:
            raise line.error(ADVERB, f"{adverb!r} has no antonym in {' or '.join(ANTONYM_FILES)}")
        length = AROUND_S
        if START in line.fields or WEAK not in line.fields:
            length = line.number_of(END) - line.number_of(START)
            if not length > 0:
                raise line.error(END, f"is not after {START} {line.number_of(START):g}")
        trained_pair = (action, adverb) in trained
        return AdverbClip(f"{clip}@{line.number}", clip, action, adverb, 0.0, length, trained_pair)
