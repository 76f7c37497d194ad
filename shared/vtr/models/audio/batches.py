"""Training batches of sounds and texts, drawn at each step from (seed, step) alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from vtr.evaluation.corpus.read import Corpus
from vtr.evaluation.corpus.record import VideoRecord
from vtr.models.audio.heard import BOTH, FULL, SENSES, SOUND, captions_of, heard_in
from vtr.models.audio.model import AudioBatch
from vtr.models.audio.towers import pad_mels
from vtr.models.dual.collate import pad_tokens
from vtr.models.dual.vocabulary import UNKNOWN, Vocabulary
from vtr.models.training.features import FeatureStore

MAX_WORDS = 256
"""Of a text, what training reads; the tower itself has no limit."""


@dataclass(frozen=True)
class SoundAugmentation:
    """``gain``: most by which a spectrogram is made louder or quieter, in its own units (1 is 8.7 dB);
    ``drop``: the share of words replaced by the unknown word, so that no text hangs on its template."""

    gain: float = 0.7
    drop: float = 0.1


class SoundBatches:
    """Batches of one video of each of ``size`` groups, with a text of what is heard for each in which
    something is, half of them texts of what is seen too, and ``size // 2`` texts that name nothing heard.

    Those are captions of what is seen, of whole videos and of single events, and texts of unknown words: of
    what the vocabulary does not hold nobody can say that it is heard.
    """

    def __init__(
        self,
        corpus: Corpus,
        store: FeatureStore,
        vocabulary: Vocabulary,
        *,
        seed: int,
        size: int = 64,
        split: str = "train",
        augmentation: SoundAugmentation | None = None,
    ) -> None:
        self._store, self._vocabulary = store, vocabulary
        self._seed = seed
        self._augmentation = augmentation or SoundAugmentation()
        groups: dict[str, list[VideoRecord]] = {}
        for record in corpus.split(split):
            groups.setdefault(record.group, []).append(record)
        self._groups = list(groups.values())
        self._size = min(size, len(self._groups))
        if self._size < 2:
            raise ValueError(f"split: {split!r} holds {len(self._groups)} groups of videos; 2 are needed")
        self._telling = _telling_words(corpus, split, vocabulary)
        self._heard = {r.id: heard_in(r) for group in self._groups for r in group}
        if not any(self._heard.values()):
            raise ValueError(f"split: nothing is heard in any video of {split!r}")

    @property
    def steps_a_pass(self) -> int:
        """How many steps hear all groups once."""
        return len(self._groups) // self._size

    def __call__(self, step: int) -> list[AudioBatch]:
        """The batch of ``step`` (from 0), in one chunk."""
        turn, place = divmod(step, self.steps_a_pass)
        order = np.random.default_rng([self._seed, turn, 0]).permutation(len(self._groups))
        rng = np.random.default_rng([self._seed, step, 1])
        chosen = [self._groups[k] for k in order[place * self._size : (place + 1) * self._size]]
        records = [group[int(rng.integers(len(group)))] for group in chosen]
        mels, mel_mask = pad_mels([self._sound(record, rng) for record in records])
        texts: list[str] = []
        owner: list[int] = []
        senses: list[tuple[float, float]] = []
        for number, record in enumerate(records):
            kind = BOTH if rng.random() < 0.5 else SOUND
            for caption in captions_of(record, kind)[:1]:
                texts.append(caption.text)
                owner.append(number)
                senses.append(SENSES[kind])
        rows = [self._words(text, rng) for text in texts]
        for number in rng.permutation(len(records))[: self._size // 2]:
            rows.append(self._unheard(records[number], rng))
            owner.append(-1)
            senses.append(SENSES[FULL])
        tokens, token_mask = pad_tokens(rows, MAX_WORDS)
        return [
            AudioBatch(
                mels=mels,
                mel_mask=mel_mask,
                tokens=tokens,
                token_mask=token_mask,
                owner=torch.tensor(owner),
                true=torch.from_numpy(self._true(records, owner)),
                senses=torch.tensor(senses),
            )
        ]

    def _sound(self, record: VideoRecord, rng: np.random.Generator) -> torch.Tensor:
        mels = np.asarray(self._store[record.id], dtype=np.float32)
        gain = self._augmentation.gain
        return torch.from_numpy(mels + np.float32(rng.uniform(-gain, gain)))

    def _unheard(self, record: VideoRecord, rng: np.random.Generator) -> list[int]:
        heard = captions_of(record, SOUND)
        match int(rng.integers(4)):
            case 0 if heard:
                numbers = self._vocabulary.encode(heard[0].text)
                return [UNKNOWN if number in self._telling else number for number in numbers]
            case 1:
                texts = [text for event in record.events for text in event.captions]
            case _:
                texts = [caption.text for caption in captions_of(record, FULL)]
        return self._words(texts[int(rng.integers(len(texts)))], rng)

    def _words(self, text: str, rng: np.random.Generator) -> list[int]:
        numbers = np.array(self._vocabulary.encode(text))
        numbers[rng.random(len(numbers)) < self._augmentation.drop] = UNKNOWN
        return [int(number) for number in numbers]

    def _true(self, records: Sequence[VideoRecord], owner: Sequence[int]) -> NDArray[np.bool_]:
        found = np.zeros((len(owner), len(records)), dtype=np.bool_)
        for row, number in enumerate(owner):
            if number >= 0:
                named = self._heard[records[number].id]
                found[row] = [named <= self._heard[record.id] for record in records]
        return found


def _telling_words(corpus: Corpus, split: str, vocabulary: Vocabulary) -> frozenset[int]:
    """The words that are said of what is heard, and never of what is seen."""
    heard: set[int] = set()
    seen: set[int] = set()
    for record in corpus.split(split):
        for caption in captions_of(record, SOUND):
            heard.update(vocabulary.encode(caption.text))
        for caption in captions_of(record, FULL):
            seen.update(vocabulary.encode(caption.text))
    return frozenset(heard - seen)
