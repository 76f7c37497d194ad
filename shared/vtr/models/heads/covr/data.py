"""Batches for the composer, from the states of the dual encoder's frozen towers and a corpus's triplets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from vtr.evaluation.corpus import captions
from vtr.evaluation.corpus.grammar import GRAMMARS
from vtr.evaluation.corpus.lexicon import Voice
from vtr.evaluation.corpus.read import Corpus
from vtr.models.dual.evaluate import full_captions
from vtr.models.dual.pairs import UNSEEN
from vtr.models.dual.states import CorpusStates, TextStates, text_states
from vtr.models.heads.covr.batch import CovrBatch
from vtr.models.heads.covr.triplets import ComposedTriplet, from_corpus

Floats = NDArray[np.float32]


def seen_triplets(corpus: Corpus, split: str) -> list[ComposedTriplet]:
    """The triplets of ``split`` whose change is seen; not those in which only what is heard changes."""
    return [triplet for triplet in from_corpus(corpus, split) if triplet.factor not in UNSEEN]


def seen_videos(corpus: Corpus, split: str) -> list[str]:
    """The gallery of composed queries: all videos of ``split`` that look different, bases and edits."""
    return [record.id for record in corpus.split(split) if record.member not in UNSEEN]


@dataclass
class ComposedData:
    """Triplets of ``corpus`` as tensors. Captions' vectors are computed when first asked for, and kept."""

    corpus: Corpus
    states: CorpusStates
    _captions: dict[str, Floats] = field(default_factory=dict, repr=False)

    def texts(self, texts: Sequence[str]) -> list[TextStates]:
        """The states of each text."""
        return text_states(self.states.model, self.states.vocabulary, texts)

    def queries(self, triplets: Sequence[ComposedTriplet], texts: Sequence[str] | None = None) -> CovrBatch:
        """What is asked: without targets. ``texts``: in place of the triplets' own."""
        words = self.texts(texts or [triplet.text for triplet in triplets])
        frames, frame_mask = self._frames([triplet.reference for triplet in triplets])
        tokens, token_mask = _padded([states.tokens for states in words])
        return CovrBatch(
            example=self._vectors([triplet.reference for triplet in triplets]),
            frames=frames,
            frame_mask=frame_mask,
            tokens=tokens,
            token_mask=token_mask,
        )

    def batch(
        self, triplets: Sequence[ComposedTriplet], texts: Sequence[str], told: Sequence[str]
    ) -> CovrBatch:
        """What is asked and its answers; ``told``: a caption of each target."""
        asked = self.queries(triplets, texts)
        videos = list(self.corpus.videos)
        numbers = {video: number for number, video in enumerate(videos)}
        targets = [triplet.target for triplet in triplets]
        frames, mask = self._frames(targets)
        return CovrBatch(
            example=asked.example,
            frames=asked.frames,
            frame_mask=asked.frame_mask,
            tokens=asked.tokens,
            token_mask=asked.token_mask,
            target=self._vectors(targets),
            target_frames=frames,
            target_frame_mask=mask,
            caption=self._caption_vectors(told),
            example_ids=torch.tensor([numbers[triplet.reference] for triplet in triplets]),
            target_ids=torch.tensor([numbers[target] for target in targets]),
        )

    def _vectors(self, videos: Sequence[str]) -> Tensor:
        return torch.from_numpy(np.stack([self.states.vector(video) for video in videos]))

    def _frames(self, videos: Sequence[str]) -> tuple[Tensor, Tensor]:
        return _padded([self.states.frames(video) for video in videos])

    def _caption_vectors(self, texts: Sequence[str]) -> Tensor:
        new = sorted(set(texts) - self._captions.keys())
        if new:
            self._captions |= {t: s.vector for t, s in zip(new, self.texts(new), strict=True)}
        return torch.from_numpy(np.stack([self._captions[text] for text in texts]))


class ComposedBatches:
    """Training batches of ``size`` triplets, a function of (``seed``, step) alone.

    Groups are drawn, and with each a triplet and its way back: so that half of all targets are another's
    example, which differs from it by one change. ``reworded``: the share of triplets whose change is told in
    other words of the same grammar than the corpus's file tells it in.
    """

    def __init__(
        self, data: ComposedData, *, seed: int, size: int, split: str = "train", reworded: float = 0.8
    ) -> None:
        if size < 2 or size % 2:
            raise ValueError(f"size: {size} is no even number of triplets")
        self._data, self._seed, self._reworded = data, seed, reworded
        pairs: dict[frozenset[str], list[ComposedTriplet]] = {}
        for triplet in seen_triplets(data.corpus, split):
            pairs.setdefault(frozenset((triplet.reference, triplet.target)), []).append(triplet)
        self._pairs = list(pairs.values())
        self._half = min(size // 2, len(self._pairs))

    def __call__(self, step: int) -> list[CovrBatch]:
        """The batch of ``step`` (from 0), in one chunk."""
        turn, place = divmod(step, len(self._pairs) // self._half)
        order = np.random.default_rng([self._seed, turn, 0]).permutation(len(self._pairs))
        rng = np.random.default_rng([self._seed, step, 1])
        chosen = order[place * self._half : (place + 1) * self._half].tolist()
        triplets = [triplet for k in chosen for triplet in self._pairs[k]]
        texts = [self._other_words(t, rng) if rng.random() < self._reworded else t.text for t in triplets]
        return [self._data.batch(triplets, texts, [self._caption(t.target, rng) for t in triplets])]

    def _caption(self, video: str, rng: np.random.Generator) -> str:
        told = full_captions(self._data.corpus.videos[video])
        return told[int(rng.integers(len(told)))].text

    def _other_words(self, triplet: ComposedTriplet, rng: np.random.Generator) -> str:
        before = self._data.corpus.videos[triplet.reference]
        after = self._data.corpus.videos[triplet.target]
        edit = after.edit if after.edit is not None else before.edit and before.edit.inverse()
        if edit is None:
            return triplet.text
        grammar = GRAMMARS[before.split]
        return captions.modification(
            before.scene,
            after.scene,
            edit,
            grammar,
            form=int(rng.integers(len(grammar.modification))),
            voice=Voice(f"{self._seed}/{rng.integers(1 << 30)}"),
        )


def _padded(arrays: Sequence[NDArray[np.float32]]) -> tuple[Tensor, Tensor]:
    """``arrays`` [N, W] as [B, max N, W] with zeros behind, and bool [B, max N]: what is real."""
    lengths = torch.tensor([len(array) for array in arrays])
    values = pad_sequence([torch.from_numpy(array) for array in arrays], batch_first=True)
    return values, torch.arange(values.shape[1]) < lengths.unsqueeze(1)
