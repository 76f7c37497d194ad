"""Batches for the region head: cells of a few frames, and a sentence about what is done in them.

Nothing here reads a box: the head is taught by captions alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from zlib import crc32

import msgspec
import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from vtr.evaluation.corpus.captions import describe_thing, name_thing
from vtr.evaluation.corpus.factors import COLOURS, SHAPES
from vtr.evaluation.corpus.read import Corpus
from vtr.evaluation.corpus.record import EventRecord, VideoRecord
from vtr.evaluation.corpus.scene import Thing
from vtr.models.dual.states import CorpusStates, text_states
from vtr.models.heads.regada.boxes import grid_boxes
from vtr.models.heads.regada.region_head import RegionBatch

FRAMES = 4
"""How many frames of an event are looked at."""


@dataclass(frozen=True)
class RegionExample:
    """``cells`` float32 [T, R, C]; ``words`` float32 [L, Dw]; ``false`` float32 [L', Dw], words that are
    false of it, for training alone."""

    cells: Tensor
    words: Tensor
    false: Tensor | None = None


def collate(examples: Sequence[RegionExample]) -> RegionBatch:
    """One batch, padded; false sentences where every example has one."""
    cells = pad_sequence([e.cells for e in examples], batch_first=True)
    words, word_mask = _padded([e.words for e in examples])
    batch, frames, count, _ = cells.shape
    side = round(count**0.5)
    real = torch.arange(frames) < torch.tensor([len(e.cells) for e in examples]).unsqueeze(1)
    false = [e.false for e in examples if e.false is not None]
    false_words, false_mask = _padded(false) if len(false) == len(examples) else (None, None)
    return RegionBatch(
        features=cells,
        boxes=grid_boxes(side, side).expand(batch, frames, count, 4),
        mask=real.unsqueeze(-1).expand(batch, frames, count),
        words=words,
        word_mask=word_mask,
        false_words=false_words,
        false_mask=false_mask,
    )


def _padded(words: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    lengths = torch.tensor([len(of_text) for of_text in words])
    values = pad_sequence(list(words), batch_first=True)
    return values, torch.arange(values.shape[1]) < lengths.unsqueeze(1)


def other_thing(record: VideoRecord, thing: int, rng: Random) -> Thing:
    """Thing ``thing`` with another colour or shape, so that nothing in the video looks like it."""
    own = record.scene.things[thing]
    looks = {(other.colour, other.shape) for other in record.scene.things}
    near = [(colour, own.shape) for colour in COLOURS] + [(own.colour, shape) for shape in SHAPES]
    colour, shape = rng.choice([look for look in near if look not in looks])
    return msgspec.structs.replace(own, colour=colour, shape=shape)


def false_caption(record: VideoRecord, event: EventRecord, text: str, rng: Random) -> str:
    """``text``, a caption of ``event``, about a thing of another colour or shape that the video lacks."""
    own = record.scene.things[event.thing]
    return text.replace(name_thing(own), name_thing(other_thing(record, event.thing, rng)), 1)


@dataclass
class RegionData:
    """The videos of one ``split`` with their sentences; states of texts are computed once, and kept."""

    corpus: Corpus
    states: CorpusStates
    split: str
    _words: dict[str, Tensor] = field(default_factory=dict, init=False, repr=False)

    def read(self, texts: Sequence[str]) -> None:
        """Computes the states of ``texts``, many at once."""
        new = sorted(set(texts) - self._words.keys())
        if new:
            made = text_states(self.states.model, self.states.vocabulary, new)
            self._words |= {
                text: torch.from_numpy(state.tokens) for text, state in zip(new, made, strict=True)
            }

    def words(self, text: str) -> Tensor:
        """float32 [L, Dw]."""
        self.read([text])
        return self._words[text]

    def frames_of(
        self, video: str, start_s: float, end_s: float, rng: np.random.Generator | None = None
    ) -> list[int]:
        """``FRAMES`` numbers of frames with regions in [start_s, end_s), fewer where there are fewer.

        One of each equal part, drawn by ``rng``, or its middle one.
        """
        times = self.states.region_times_s(video)
        inside = np.flatnonzero((times >= start_s - 1e-6) & (times < end_s - 1e-6))
        if not len(inside):
            inside = np.array([np.abs(times - (start_s + end_s) / 2).argmin()])
        edges = np.linspace(0, len(inside), FRAMES + 1)
        shares = rng.random(FRAMES) if rng is not None else np.full(FRAMES, 0.5)
        at = (edges[:-1] + shares * np.diff(edges)).astype(int)
        return sorted({int(inside[min(k, len(inside) - 1)]) for k in at})

    def example(
        self, video: str, text: str, frames: Sequence[int], false: str | None = None
    ) -> RegionExample:
        """Any sentence with any frames of ``video``."""
        cells = torch.from_numpy(self.states.regions(video)[list(frames)])
        return RegionExample(cells, self.words(text), None if false is None else self.words(false))


class RegionBatches:
    """Training batches of ``size`` videos of different scenes, a function of (``seed``, step) alone.

    A share ``full`` is shown frames of the whole video with a caption of all of it, a share ``names`` with
    what its captions call one of its things and nothing more, so that a name counts without what the thing
    does; the others those of one event with a caption of it. The false sentence names another colour or
    shape.
    """

    def __init__(self, data: RegionData, *, seed: int, size: int, full: float, names: float) -> None:
        groups: dict[str, list[VideoRecord]] = {}
        for record in data.corpus.split(data.split):
            if record.events:
                groups.setdefault(record.group, []).append(record)
        if len(groups) < 2:
            raise ValueError(f"split: {data.split!r} holds {len(groups)} scenes with events, not 2")
        self._data, self._seed, self._full, self._names = data, seed, full, names
        self._groups = list(groups.values())
        self._size = min(size, len(self._groups))

    def __call__(self, step: int) -> RegionBatch:
        """The batch of ``step`` (from 0)."""
        turn, place = divmod(step, len(self._groups) // self._size)
        order = np.random.default_rng([self._seed, turn, 4]).permutation(len(self._groups))
        rng = np.random.default_rng([self._seed, step, 5])
        drawn = [
            self._draw(self._groups[k], rng)
            for k in order[place * self._size : (place + 1) * self._size].tolist()
        ]
        self._data.read([text for _, text, _, false in drawn for text in (text, false)])
        return collate([self._data.example(*of_video) for of_video in drawn])

    def _draw(
        self, group: Sequence[VideoRecord], rng: np.random.Generator
    ) -> tuple[str, str, list[int], str]:
        record = group[int(rng.integers(len(group)))]
        pick = Random(crc32(rng.bytes(8)))
        told = [
            caption for caption in record.captions if caption.kind == "full" and "colour" in caption.swaps
        ]
        lot = rng.random()
        if lot < self._names:
            thing = int(rng.integers(len(record.scene.things)))
            tell = (name_thing, describe_thing)[int(rng.integers(2))]
            frames = self._data.frames_of(record.id, 0.0, float("inf"), rng)
            right, wrong = record.scene.things[thing], other_thing(record, thing, pick)
            return record.id, tell(right), frames, tell(wrong)
        if told and lot < self._names + self._full:
            caption = told[int(rng.integers(len(told)))]
            frames = self._data.frames_of(record.id, 0.0, float("inf"), rng)
            return record.id, caption.text, frames, caption.swaps["colour"]
        event = record.events[int(rng.integers(len(record.events)))]
        text = event.captions[int(rng.integers(len(event.captions)))]
        frames = self._data.frames_of(record.id, event.start_s, event.end_s, rng)
        return record.id, text, frames, false_caption(record, event, text, pick)
