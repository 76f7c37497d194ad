"""Batches for the experts, from the states of the dual encoder's frozen towers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from zlib import crc32

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vtr.evaluation.corpus.read import Corpus
from vtr.evaluation.corpus.record import EventRecord, VideoRecord
from vtr.models.dual.evaluate import full_captions
from vtr.models.dual.opposites import other_manner, other_way
from vtr.models.dual.pairs import UNSEEN
from vtr.models.dual.states import CorpusStates, text_states
from vtr.models.dual.vocabulary import words_of
from vtr.models.encoders.base import FloatArray
from vtr.models.heads.camoe.batch import CamoeBatch, FalseTexts
from vtr.models.heads.camoe.streams import EXPERTS, token_streams
from vtr.models.heads.serving.offsets import offsets_of
from vtr.models.heads.tagging.rules import RuleTagger
from vtr.models.heads.tagging.tags import PosTagger
from vtr.models.training.features import FeatureError

EVENTS_A_VIDEO = 1


@dataclass(frozen=True)
class Text:
    """A text as the dual encoder reads it: ``tokens`` float16 [L, Dw] (half the memory; there are many),
    ``streams`` bool [E, L], ``vector`` float32 [D] of L2 norm 1."""

    tokens: NDArray[np.float16]
    streams: NDArray[np.bool_]
    vector: FloatArray


@dataclass
class TextReader:
    """Texts to their states and streams. Each is read once and kept."""

    states: CorpusStates
    experts: Sequence[str] = EXPERTS
    tagger: PosTagger = field(default_factory=RuleTagger)
    _known: dict[str, Text] = field(default_factory=dict, repr=False)

    def __call__(self, texts: Sequence[str]) -> list[Text]:
        """Each of ``texts``, in order. Raises ``EncodingError`` for a blank one."""
        new = sorted(set(texts) - self._known.keys())
        read = text_states(self.states.model, self.states.vocabulary, new) if new else []
        for text, found in zip(new, read, strict=True):
            streams = token_streams(text, offsets_of(text, found.words), self.tagger, self.experts)
            self._known[text] = Text(found.tokens.astype(np.float16), streams.numpy(), found.vector)
        return [self._known[text] for text in texts]


def pack_texts(texts: Sequence[Text]) -> tuple[Tensor, Tensor, Tensor]:
    """``tokens`` float32 [B, L, Dw], ``token_mask`` bool [B, L], ``streams`` bool [B, E, L], padded."""
    longest = max(len(text.tokens) for text in texts)
    first = texts[0]
    tokens = np.zeros((len(texts), longest, first.tokens.shape[1]), dtype=np.float32)
    mask = np.zeros((len(texts), longest), dtype=np.bool_)
    streams = np.zeros((len(texts), len(first.streams), longest), dtype=np.bool_)
    for row, text in enumerate(texts):
        tokens[row, : len(text.tokens)] = text.tokens
        mask[row, : len(text.tokens)] = True
        streams[row, :, : len(text.tokens)] = text.streams
    return torch.from_numpy(tokens), torch.from_numpy(mask), torch.from_numpy(streams)


def pack_frames(videos: Sequence[FloatArray]) -> tuple[Tensor, Tensor]:
    """Frame states [T, W] of each video as float32 [B, T, W] and bool [B, T], padded."""
    longest = max(len(video) for video in videos)
    frames = np.zeros((len(videos), longest, videos[0].shape[1]), dtype=np.float32)
    mask = np.zeros((len(videos), longest), dtype=np.bool_)
    for row, video in enumerate(videos):
        frames[row, : len(video)] = video
        mask[row, : len(video)] = True
    return torch.from_numpy(frames), torch.from_numpy(mask)


def seen(records: Iterable[VideoRecord]) -> list[VideoRecord]:
    """Those of ``records`` that differ from the others in what is seen, not in what is heard alone."""
    return [record for record in records if record.member not in UNSEEN]


def event_frames(event: EventRecord, times_s: FloatArray) -> slice:
    """The frames in [``start_s``, ``end_s``); the one nearest to its middle where there is none."""
    inside = np.flatnonzero((times_s >= event.start_s) & (times_s < event.end_s))
    if len(inside):
        return slice(int(inside[0]), int(inside[-1]) + 1)
    nearest = int(np.abs(times_s - (event.start_s + event.end_s) / 2).argmin())
    return slice(nearest, nearest + 1)


class GroupBatches:
    """Training batches of ``size`` videos: groups of a base and one edit of it, half are counterfactuals.

    A pass is a permutation of the groups; a batch is a function of (``seed``, step) alone. Each video comes
    with one of its captions, ``false_texts`` captions of one factor swapped, and ``events`` of its events,
    their captions turned to another way and manner as false ones.
    """

    def __init__(
        self,
        corpus: Corpus,
        states: CorpusStates,
        reader: TextReader,
        *,
        seed: int,
        size: int = 64,
        false_texts: int = 1,
        events: int = EVENTS_A_VIDEO,
        split: str = "train",
    ) -> None:
        if size < 2 or size % 2:
            raise ValueError(f"size: {size} is no even number of videos")
        groups: dict[str, list[VideoRecord]] = {}
        for record in seen(corpus.split(split)):
            groups.setdefault(record.group, []).append(record)
        self._groups = [sorted(g, key=lambda r: r.member != "base") for g in groups.values()]
        if len(self._groups) < 2:
            raise FeatureError(f"split: {split!r} holds {len(self._groups)} groups; 2 are needed")
        self._states, self._reader, self._seed = states, reader, seed
        self._half = min(size // 2, len(self._groups))
        self._false, self._events = false_texts, events
        self._numbers = {record.id: number for number, record in enumerate(corpus.videos.values())}

    def __call__(self, step: int) -> list[CamoeBatch]:
        """The batch of ``step`` (from 0), in one chunk."""
        turn, place = divmod(step, len(self._groups) // self._half)
        order = np.random.default_rng([self._seed, turn, 0]).permutation(len(self._groups))
        rng = np.random.default_rng([self._seed, step, 1])
        records: list[VideoRecord] = []
        for k in order[place * self._half : (place + 1) * self._half]:
            base, *edits = self._groups[k]
            records.append(base)
            if edits:
                records.append(edits[int(rng.integers(len(edits)))])
        texts: list[str] = []
        false: list[str] = []
        rows: list[int] = []
        for row, record in enumerate(records):
            captions = full_captions(record)
            caption = captions[int(rng.integers(len(captions)))]
            texts.append(caption.text)
            swaps = list(caption.swaps.values())
            for k in rng.permutation(len(swaps))[: self._false]:
                false.append(swaps[k])
                rows.append(row)
        clips = [self._states.frames(record.id) for record in records]
        batch = _batch(clips, self._reader(texts), [self._numbers[record.id] for record in records])
        events = self._of_events(records, clips, rng) if self._events else None
        return [replace(batch, false=self._wrong(false, rows), events=events)]

    def _of_events(
        self, records: Sequence[VideoRecord], clips: Sequence[FloatArray], rng: np.random.Generator
    ) -> CamoeBatch | None:
        parts: list[FloatArray] = []
        texts: list[str] = []
        keys: list[int] = []
        false: list[str] = []
        rows: list[int] = []
        for record, frames in zip(records, clips, strict=True):
            times_s = self._states.times_s(record.id)
            for k in rng.permutation(len(record.events))[: self._events]:
                event = record.events[k]
                parts.append(frames[event_frames(event, times_s)])
                words = words_of(event.captions[int(rng.integers(len(event.captions)))])
                for turned in (other_way(words), other_manner(words)):
                    if turned is not None and self._false:
                        false.append(" ".join(turned))
                        rows.append(len(texts))
                texts.append(" ".join(words))
                told = f"{record.group}/{event.thing}/{event.action}/{event.direction}/{event.adverb}"
                keys.append(crc32(told.encode()))
        if not parts:
            return None
        return replace(_batch(parts, self._reader(texts), keys), false=self._wrong(false, rows))

    def _wrong(self, texts: Sequence[str], rows: Sequence[int]) -> FalseTexts | None:
        return FalseTexts(*pack_texts(self._reader(texts)), torch.tensor(rows)) if rows else None


def _batch(clips: Sequence[FloatArray], texts: Sequence[Text], ids: Sequence[int]) -> CamoeBatch:
    frames, frame_mask = pack_frames(clips)
    tokens, token_mask, streams = pack_texts(texts)
    return CamoeBatch(frames, frame_mask, tokens, token_mask, streams, torch.tensor(ids))
