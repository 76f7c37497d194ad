"""The pointing game on a corpus: where the head looks for a caption, and whether the thing is there.

Boxes are read here, to measure; training never sees one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import torch
from numpy.typing import NDArray

from vtr.evaluation.corpus.captions import name_thing
from vtr.evaluation.corpus.read import boxes_of
from vtr.evaluation.corpus.record import EventRecord, VideoRecord
from vtr.evaluation.metrics.pointing import points_inside
from vtr.models.dual.infer import embed_texts
from vtr.models.heads.masks import unit
from vtr.models.heads.regada.heat_map import smooth_map
from vtr.models.heads.regada.region_data import RegionData, collate, false_caption
from vtr.models.heads.regada.region_head import RegionHead

Floats = NDArray[np.float32]
FINE = 24
"""Heat is measured on a grid of FINE x FINE."""
_CLIPS = 16


@dataclass(frozen=True)
class Question:
    """``text`` names thing ``thing`` of ``video``; it is looked for in ``frames`` (numbers among those that
    have regions)."""

    video: str
    text: str
    thing: int
    frames: tuple[int, ...]


def event_questions(data: RegionData, records: Sequence[VideoRecord]) -> list[Question]:
    """The first caption of each event, asked in frames of the event."""
    return [
        Question(r.id, event.captions[0], event.thing, _frames(data, r, event))
        for r in records
        for event in r.events
    ]


def bystander_questions(data: RegionData, records: Sequence[VideoRecord]) -> list[Question]:
    """In videos of several things, the name of one that does nothing during an event, asked in frames of the
    event: motion leads away from it."""
    found = []
    for r in records:
        for event in r.events:
            others = [k for k in range(len(r.scene.things)) if k not in {event.thing, event.other}]
            if others:
                text = name_thing(r.scene.things[others[0]])
                found.append(Question(r.id, text, others[0], _frames(data, r, event)))
    return found


def false_texts(records: Sequence[VideoRecord]) -> list[str]:
    """For each of :func:`event_questions` the same of a colour or shape that the video lacks."""
    return [
        false_caption(r, event, event.captions[0], Random(f"{r.id}/{number}"))
        for r in records
        for number, event in enumerate(r.events)
    ]


def _frames(data: RegionData, record: VideoRecord, event: EventRecord) -> tuple[int, ...]:
    return tuple(data.frames_of(record.id, event.start_s, event.end_s))


@dataclass(frozen=True)
class Looked:
    """``scores`` [N]: how well each question's text fits; ``maps`` [F, FINE, FINE]: heat of all their frames,
    one question after another; ``cells``: how many a frame has."""

    scores: Floats
    maps: Floats
    cells: int


@torch.inference_mode()
def look(head: RegionHead, data: RegionData, questions: Sequence[Question]) -> Looked:
    """What ``head`` answers to ``questions``."""
    data.read([question.text for question in questions])
    scores: list[Floats] = []
    maps: list[Floats] = []
    cells = 1
    for start in range(0, len(questions), _CLIPS):
        part = questions[start : start + _CLIPS]
        found = head(collate([data.example(q.video, q.text, q.frames) for q in part]))
        scores.append(found.scores.numpy())
        cells = found.heat.shape[-1]
        side = round(cells**0.5)
        fine = smooth_map(found.heat, side, FINE, FINE).numpy()
        maps.extend(fine[row, : len(q.frames)] for row, q in enumerate(part))
    return Looked(np.concatenate(scores), np.concatenate(maps), cells)


@torch.inference_mode()
def dual_fit(data: RegionData, questions: Sequence[Question]) -> Floats:
    """[N]: cosine of the dual encoder's vector of the frames of each question with that of its text."""
    states, model = data.states, data.states.model
    pooled = []
    for question in questions:
        times = states.region_times_s(question.video)[list(question.frames)]
        at = np.abs(states.times_s(question.video)[:, np.newaxis] - times).argmin(axis=0)
        pooled.append(torch.from_numpy(states.frames(question.video)[at]).mean(dim=0))
    videos = unit(model.video.of_frame(torch.stack(pooled)).float()).numpy()
    texts = embed_texts(model, states.vocabulary.encode_all([question.text for question in questions]))
    found: Floats = (videos * texts).sum(axis=1)
    return found


def changes(data: RegionData, questions: Sequence[Question]) -> Floats:
    """[F, FINE, FINE]: how much each cell changes from the frame before, whatever the question: who acts
    moves."""
    maps = []
    for question in questions:
        cells = data.states.regions(question.video)
        at = np.array(question.frames)
        change = np.linalg.norm(cells[at] - cells[np.maximum(at - 1, 0)], axis=-1)
        side = round(change.shape[-1] ** 0.5)
        maps.append(smooth_map(torch.from_numpy(change), side, FINE, FINE).numpy())
    return np.concatenate(maps)


@dataclass(frozen=True)
class Truth:
    """Boxes of all frames of questions, where the thing is seen: ``boxes`` [K, 4] in shares of the frame, of
    frame ``frame`` [K]; ``several`` [F]: whether the video shows more than one thing."""

    boxes: Floats
    frame: NDArray[np.int64]
    several: NDArray[np.bool_]

    @classmethod
    def of(cls, data: RegionData, questions: Sequence[Question]) -> Truth:
        boxes: list[Floats] = []
        frame: list[int] = []
        several: list[bool] = []
        for question in questions:
            record = data.corpus.videos[question.video]
            size = np.array([record.width, record.height] * 2, dtype=np.float32)
            own = [
                b for b, o in zip(boxes_of(record), record.objects, strict=True) if o.thing == question.thing
            ]
            times = data.states.region_times_s(question.video)[list(question.frames)]
            for time_s in times:
                at = min(int(time_s * record.fps + 0.5), record.frames - 1)
                for of_object in own:
                    if of_object[at, 2] > of_object[at, 0]:
                        boxes.append(of_object[at] / size)
                        frame.append(len(several))
                several.append(len(record.scene.things) > 1)
        if not boxes:
            raise ValueError("questions: none of the things is seen in any frame")
        return cls(np.array(boxes, dtype=np.float32), np.array(frame), np.array(several))

    def hits(self, maps: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Of each frame in which the thing is seen, whether the peak of its map [F, H, W] lies in a box of
        it."""
        return self._any(points_inside(maps[self.frame], self.boxes, 1, 1))

    def chance(self) -> NDArray[np.float64]:
        """Of each frame in which the thing is seen, the share of it that the thing's boxes cover."""
        areas = (self.boxes[:, 2] - self.boxes[:, 0]) * (self.boxes[:, 3] - self.boxes[:, 1])
        found = np.bincount(self.frame, weights=areas.astype(np.float64))[self.seen].astype(np.float64)
        return found

    @property
    def seen(self) -> NDArray[np.int64]:
        """The frames in which the thing is seen."""
        return np.unique(self.frame)

    def _any(self, inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = np.bincount(self.frame, weights=inside.astype(np.float64))[self.seen] > 0
        return found
