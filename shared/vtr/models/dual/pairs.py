"""Training batches: every video beside its counterfactual, drawn at each step from (seed, step) alone."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from vtr.evaluation.corpus.read import Corpus
from vtr.evaluation.corpus.record import EventRecord, VideoRecord
from vtr.models.dual.collate import EventExample, Example, collate, frames_before
from vtr.models.dual.config import DualConfig
from vtr.models.dual.mirror import mirror_frames, mirror_words
from vtr.models.dual.model import DualBatch
from vtr.models.dual.opposites import other_manner, other_way
from vtr.models.dual.vocabulary import UNKNOWN, Vocabulary, words_of
from vtr.models.training.features import FeatureStore

UNSEEN = frozenset({"sound", "word"})
"""Factors that change nothing that is seen: such an edit would be a false negative of its base."""
_HARD = frozenset({"order", "direction", "adverb"})
"""Factors that a bag of attributes does not tell."""
_EVENTS_A_VIDEO = 3


@dataclass(frozen=True)
class Augmentation:
    """``sideways``, ``upright``: share of pairs mirrored along that axis; ``shift``: most pixels by which a
    video moves. In the first ``coarse_steps`` only every ``coarse``-th of the frames is seen, each with
    what was before it: most is learned from few frames at a fraction of the cost."""

    sideways: float = 0.5
    upright: float = 0.0
    shift: int = 2
    coarse_steps: int = 1360
    coarse: int = 2


class PairedBatches:
    """Batches of ``size`` videos: groups of a base and one edit of it, so that half are counterfactuals.

    A pass over the data is a permutation of the groups. Called with a step it gives that step's batch as
    chunks of ``chunk`` videos (one chunk without gradient caching), the same whenever it is asked.
    """

    def __init__(
        self,
        corpus: Corpus,
        store: FeatureStore,
        vocabulary: Vocabulary,
        config: DualConfig,
        *,
        seed: int,
        size: int = 64,
        chunk: int | None = None,
        split: str = "train",
        augmentation: Augmentation | None = None,
    ) -> None:
        if size < 2 or size % 2:
            raise ValueError(f"size: {size} is no even number of videos")
        self._store, self._vocabulary, self._config = store, vocabulary, config
        self._seed, self._size, self._chunk = seed, size, chunk or size
        self._augmentation = augmentation or Augmentation()
        groups: dict[str, list[VideoRecord]] = {}
        for record in corpus.split(split):
            if record.member not in UNSEEN:
                groups.setdefault(record.group, []).append(record)
        self._groups = [sorted(g, key=lambda r: r.member != "base") for g in groups.values()]
        if not self._groups:
            raise ValueError(f"split: {split!r} holds no video")
        self._words: dict[str, list[str]] = {}
        self.stride = stride_of(store.index.tower.fps, config.fps)

    @property
    def steps_a_pass(self) -> int:
        """How many steps see all groups once."""
        return max(1, len(self._groups) * 2 // self._size)

    def __call__(self, step: int) -> list[DualBatch]:
        """The batch of ``step`` (from 0)."""
        turn, place = divmod(step, self.steps_a_pass)
        order = np.random.default_rng([self._seed, turn, 0]).permutation(len(self._groups))
        half = self._size // 2
        chosen = order[place * half : (place + 1) * half]
        rng = np.random.default_rng([self._seed, step, 1])
        augmentation = self._augmentation
        coarse = augmentation.coarse if step < augmentation.coarse_steps else 1
        examples: list[Example] = []
        for index in chosen:
            group = self._groups[index]
            axes = [
                axis
                for axis, share in (("sideways", augmentation.sideways), ("upright", augmentation.upright))
                if rng.random() < share
            ]
            members = [group[0]]
            if len(group) > 1:
                members.append(group[int(rng.integers(1, len(group)))])
            examples.extend(self._example(record, axes, coarse, rng) for record in members)
        config = self._config
        return [
            collate(examples[k : k + self._chunk], swaps=config.swaps, max_tokens=config.max_tokens)
            for k in range(0, len(examples), self._chunk)
        ]

    def _example(
        self, record: VideoRecord, axes: list[str], coarse: int, rng: np.random.Generator
    ) -> Example:
        phase = int(rng.integers(self.stride))
        frames = self._store[record.id][phase :: self.stride]
        fps = self._store.index.tower.fps
        times = ((phase + self.stride * np.arange(len(frames))) / fps).astype(np.float32)
        pixels = np.asarray(frames, dtype=np.uint8)
        for axis in axes:
            pixels = mirror_frames(pixels, axis)
        pixels = _shifted(pixels, self._augmentation.shift, rng)
        before = frames_before(pixels, self._config.gaps)
        # Only after it is known what came before each: motion is seen in the few frames, too.
        start = int(rng.integers(min(coarse, len(pixels))))
        captions = [c for c in record.captions if c.kind == "full"]
        caption = captions[int(rng.integers(len(captions)))]
        factors = sorted(caption.swaps)
        rng.shuffle(factors)
        # What the video's other caption or its neighbours in the batch teach anyway comes last.
        factors.sort(key=lambda factor: factor not in _HARD)
        places = rng.permutation(len(record.events))[:_EVENTS_A_VIDEO]
        return Example(
            frames=pixels[start::coarse],
            before=before[start::coarse],
            times_s=times[start::coarse],
            tokens=self._numbers(caption.text, axes),
            swaps=[self._numbers(caption.swaps[factor], axes) for factor in factors[: self._config.swaps]],
            events=[self._event(record, record.events[k], axes, rng) for k in places]
            if self._config.clause_weight or self._config.word_weight
            else [],
        )

    def _event(
        self, record: VideoRecord, event: EventRecord, axes: list[str], rng: np.random.Generator
    ) -> EventExample:
        text = event.captions[int(rng.integers(len(event.captions)))]
        same = f"{record.group}/{event.thing}/{event.action}/{event.direction}/{event.adverb}"
        words = self._mirrored(text, axes)
        false = [
            None if turned is None else self._encode(turned)
            for turned in (other_way(words), other_manner(words))
        ]
        return EventExample(
            event.start_s, event.end_s, self._encode(words), crc32(same.encode()), false=false
        )

    def _mirrored(self, text: str, axes: list[str]) -> list[str]:
        if text not in self._words:
            self._words[text] = words_of(text)
        words = self._words[text]
        for axis in axes:
            words = mirror_words(words, axis)
        return words

    def _encode(self, words: list[str]) -> list[int]:
        numbers = self._vocabulary.numbers
        return [numbers.get(word, UNKNOWN) for word in words]

    def _numbers(self, text: str, axes: list[str]) -> list[int]:
        return self._encode(self._mirrored(text, axes))


def stride_of(stored_fps: float, fps: float) -> int:
    """Every how many stored frames one is taken. Raises ValueError where it is no whole number."""
    stride = round(stored_fps / fps)
    if stride < 1 or abs(stride * fps - stored_fps) > 1e-6:
        raise ValueError(f"fps: {fps} does not divide the {stored_fps} of the features")
    return stride


def _shifted(frames: NDArray[np.uint8], most: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The whole video moved by up to ``most`` pixels each way; the edge is repeated."""
    if most == 0:
        return np.ascontiguousarray(frames)
    dx, dy = rng.integers(-most, most + 1, size=2)
    side = frames.shape[1]
    rows = np.clip(np.arange(side) + dy, 0, side - 1)
    columns = np.clip(np.arange(side) + dx, 0, side - 1)
    return np.ascontiguousarray(frames[:, rows][:, :, columns])
