"""Batches for the adverb head: what the towers saw while something was done, the action, how it was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from vtr.evaluation.corpus.read import Corpus
from vtr.evaluation.corpus.record import AdverbItem
from vtr.models.dual.states import CorpusStates
from vtr.models.heads.regada.adverb_head import AdverbBatch

LOWEST_FPS = 4.0
"""Whether something jerks is not seen in fewer frames a second."""


@dataclass(frozen=True)
class AdverbVocabulary:
    """Names in the order of a config's; ``pairs``: the adverbs that training has of each action."""

    actions: tuple[str, ...]
    adverbs: tuple[str, ...]
    antonyms: tuple[int, ...]
    pairs: tuple[tuple[int, ...], ...]


def vocabulary_of(items: Sequence[AdverbItem]) -> AdverbVocabulary:
    """Of the training's ``items``. Raises ``ValueError`` if there are none, or two antonyms of an adverb."""
    if not items:
        raise ValueError("adverbs: training has no event with an adverb")
    antonyms: dict[str, str] = {}
    for item in items:
        for own, other in ((item.adverb, item.antonym), (item.antonym, item.adverb)):
            if antonyms.setdefault(own, other) != other:
                raise ValueError(f"adverbs: {own!r} has two antonyms, {antonyms[own]!r} and {other!r}")
    actions = tuple(sorted({item.action for item in items}))
    adverbs = tuple(sorted(antonyms))
    seen = {(item.action, item.adverb) for item in items}
    return AdverbVocabulary(
        actions=actions,
        adverbs=adverbs,
        antonyms=tuple(adverbs.index(antonyms[adverb]) for adverb in adverbs),
        pairs=tuple(tuple(k for k, m in enumerate(adverbs) if (a, m) in seen) for a in actions),
    )


@dataclass
class AdverbData:
    """The events with an adverb of one ``split``; snippets are read when first asked for, and kept.

    ``items``: those whose action and adverb are in the vocabulary, which is closed.
    Raises ``ValueError`` for states of fewer than ``LOWEST_FPS`` frames a second.
    """

    corpus: Corpus
    states: CorpusStates
    split: str
    vocabulary: AdverbVocabulary
    items: list[AdverbItem] = field(init=False)
    _kept: dict[tuple[str, float, float], Tensor] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.states.step_s > 1 / LOWEST_FPS + 1e-6:
            raise ValueError(
                f"states: {1 / self.states.step_s:g} frames a second, adverbs need {LOWEST_FPS:g}"
            )
        known = self.vocabulary
        self.items = [
            item
            for item in self.corpus.adverbs
            if item.split == self.split and item.action in known.actions and item.adverb in known.adverbs
        ]

    def snippets(self, video: str, start_s: float, end_s: float) -> Tensor:
        """float32 [T, W]: the frames of ``video`` in [start_s, end_s), one at least."""
        key = (video, start_s, end_s)
        if key not in self._kept:
            times = self.states.times_s(video)
            inside = np.flatnonzero((times >= start_s - 1e-6) & (times < end_s - 1e-6))
            if not len(inside):
                inside = np.array([np.abs(times - (start_s + end_s) / 2).argmin()])
            self._kept[key] = torch.from_numpy(self.states.frames(video)[inside])
        return self._kept[key]

    def batch(self, items: Sequence[AdverbItem], whole: Sequence[bool] = ()) -> AdverbBatch:
        """``items`` with their adverbs; those marked in ``whole`` are shown as the whole video, in which the
        event has to be found."""
        shown = whole or [False] * len(items)
        return batch_of(
            [
                self.snippets(item.video, 0.0, float("inf"))
                if everything
                else self.snippets(item.video, item.start_s, item.end_s)
                for item, everything in zip(items, shown, strict=True)
            ],
            [self.vocabulary.actions.index(item.action) for item in items],
            [self.vocabulary.adverbs.index(item.adverb) for item in items],
        )

    def alone(self) -> list[bool]:
        """Of each item, whether no other event of its video does the same in another manner, so that the
        whole video shows one answer."""
        manners: dict[tuple[str, str], set[str | None]] = {}
        for record in self.corpus.split(self.split):
            for event in record.events:
                manners.setdefault((record.id, event.action), set()).add(event.adverb)
        return [manners[item.video, item.action] == {item.adverb} for item in self.items]


def batch_of(
    snippets: Sequence[Tensor], actions: Sequence[int], adverbs: Sequence[int] | None = None
) -> AdverbBatch:
    """One batch of clips [T, W], padded to the longest."""
    lengths = torch.tensor([len(of_clip) for of_clip in snippets])
    values = pad_sequence(list(snippets), batch_first=True)
    return AdverbBatch(
        snippets=values,
        mask=torch.arange(values.shape[1]) < lengths.unsqueeze(1),
        action=torch.tensor(actions, dtype=torch.long),
        adverb=None if adverbs is None else torch.tensor(adverbs, dtype=torch.long),
    )


class AdverbBatches:
    """Training batches of ``size`` events, a function of (``seed``, step) alone; a pass is a permutation.

    A share ``whole`` of those that their video answers alone is shown as the whole video.
    """

    def __init__(self, data: AdverbData, *, seed: int, size: int, whole: float) -> None:
        if not data.items:
            raise ValueError(f"split: {data.split!r} has no event with an adverb")
        self._data, self._seed, self._whole = data, seed, whole
        self._alone = data.alone()
        self._size = min(size, len(data.items))

    def __call__(self, step: int) -> AdverbBatch:
        """The batch of ``step`` (from 0)."""
        items = self._data.items
        turn, place = divmod(step, len(items) // self._size)
        order = np.random.default_rng([self._seed, turn, 2]).permutation(len(items))
        chosen = order[place * self._size : (place + 1) * self._size].tolist()
        lots = np.random.default_rng([self._seed, step, 3]).random(len(chosen))
        whole = [bool(lot < self._whole) and self._alone[k] for lot, k in zip(lots, chosen, strict=True)]
        return self._data.batch([items[k] for k in chosen], whole)
