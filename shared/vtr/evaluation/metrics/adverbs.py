"""Metrics of adverbs: mAP-W, mAP-M and Acc-A, and the prior that they have to be read against.

As in Doughty and Snoek 2022, Moltisanti et al. 2023 and ReGaDa (Hummel et al. 2023): every clip is scored
against every adverb, with the action either given (the adverb is looked for among compositions with the
clip's own action) or not (the best composition of each adverb with any action counts).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from vtr.evaluation.metrics.binary import Ties, binary_accuracy
from vtr.evaluation.metrics.checks import Floats, same_length, score_matrix
from vtr.evaluation.metrics.graded import average_precision


@dataclass(frozen=True)
class AdverbScores:
    """``scores`` [clips, adverbs] for the adverbs named ``adverbs``, which hold every antonym as well."""

    scores: Floats
    adverbs: tuple[str, ...]

    def __post_init__(self) -> None:
        score_matrix(self.scores)
        if len(set(self.adverbs)) != len(self.adverbs) or self.scores.shape[1] != len(self.adverbs):
            raise ValueError(f"adverbs: {len(set(self.adverbs))} names for {self.scores.shape[1]} columns")


def given_action(
    pair_scores: ArrayLike, pairs: Sequence[tuple[str, str]], actions: Sequence[str]
) -> AdverbScores:
    """The scores of each adverb with the clip's own action.

    ``pair_scores`` [clips, pairs], ``pairs`` as (action, adverb), ``actions`` the true action of each clip.
    An adverb that never occurs with the action scores below everything else.
    """
    matrix, adverbs = _pairs(pair_scores, pairs)
    same_length(pair_scores=matrix, actions=actions)
    known = {action for action, _ in pairs}
    if unknown := [a for a in actions if a not in known]:
        raise ValueError(f"actions: no pair has the action {unknown[0]!r}")
    floor = matrix.min() - 1.0
    found = np.full((len(matrix), len(adverbs)), floor)
    for column, (action, adverb) in enumerate(pairs):
        rows = np.array([a == action for a in actions])
        found[rows, adverbs.index(adverb)] = matrix[rows, column]
    return AdverbScores(found, adverbs)


def any_action(pair_scores: ArrayLike, pairs: Sequence[tuple[str, str]]) -> AdverbScores:
    """The scores of each adverb with whatever action fits best. Shapes as :func:`given_action`."""
    matrix, adverbs = _pairs(pair_scores, pairs)
    found = np.full((len(matrix), len(adverbs)), -np.inf)
    for column, (_, adverb) in enumerate(pairs):
        at = adverbs.index(adverb)
        found[:, at] = np.maximum(found[:, at], matrix[:, column])
    return AdverbScores(found, adverbs)


def adverb_metrics(
    scores: AdverbScores, true: Sequence[str], antonyms: Mapping[str, str], ties: Ties = "wrong"
) -> Mapping[str, float]:
    """``mAP-W``, ``mAP-M`` and ``Acc-A`` in percent.

    Each adverb that occurs in ``true`` is a query that ranks all clips. mAP-M is the mean of their average
    precisions, mAP-W the mean weighted by how often each occurs. Acc-A is the share of clips whose adverb
    scores above its antonym (chance 50; ties as in :func:`vtr.evaluation.metrics.binary.correct_pairs`).
    """
    same_length(scores=scores.scores, true=true)
    at = {name: column for column, name in enumerate(scores.adverbs)}
    for adverb in set(true):
        if adverb not in at:
            raise ValueError(f"true: adverb {adverb!r} is not among the scored ones")
        if antonyms.get(adverb) not in at:
            raise ValueError(f"antonyms: that of {adverb!r} is not among the scored ones")
    labels = np.array([at[a] for a in true])
    present, support = np.unique(labels, return_counts=True)
    relevance = (labels[None, :] == present[:, None]).astype(np.float64)
    precision = average_precision(scores.scores.T[present], relevance)
    rows = np.arange(len(labels))
    opposite = np.array([at[antonyms[a]] for a in true])
    return {
        "mAP-W": float(100.0 * np.average(precision, weights=support)),
        "mAP-M": float(100.0 * precision.mean()),
        "Acc-A": binary_accuracy(scores.scores[rows, labels], scores.scores[rows, opposite], ties),
    }


@dataclass
class AdverbPrior:
    """What the action alone says about the adverb: the baseline to print beside every adverb metric.

    Scores are ``(n(action, adverb) + s p(adverb)) / (n(action) + s)`` of the training clips, s the strength
    ``smoothing``: an action that training does not have falls back to how frequent the adverb is.
    """

    adverbs: tuple[str, ...]
    smoothing: float = 1.0
    _counts: dict[str, Floats] = field(default_factory=dict, init=False, repr=False)
    _total: Floats = field(init=False, repr=False)

    def fit(self, actions: Sequence[str], adverbs: Sequence[str]) -> AdverbPrior:
        """Counts the training clips, whose action is ``actions[i]`` and adverb ``adverbs[i]``."""
        same_length(actions=actions, adverbs=adverbs)
        at = {name: column for column, name in enumerate(self.adverbs)}
        self._counts, self._total = {}, np.zeros(len(self.adverbs))
        for action, adverb in zip(actions, adverbs, strict=True):
            if adverb not in at:
                raise ValueError(f"adverbs: training has {adverb!r}, which is not scored")
            self._counts.setdefault(action, np.zeros(len(self.adverbs)))[at[adverb]] += 1
            self._total[at[adverb]] += 1
        return self

    def score(self, actions: Sequence[str]) -> AdverbScores:
        """Scores of clips whose actions are ``actions``."""
        if not hasattr(self, "_total"):
            raise ValueError("prior: fit it on training clips first")
        overall = self._total / self._total.sum()
        nothing = np.zeros(len(self.adverbs))
        rows = []
        for action in actions:
            counts = self._counts.get(action, nothing)
            rows.append((counts + self.smoothing * overall) / (counts.sum() + self.smoothing))
        return AdverbScores(np.stack(rows), self.adverbs)


def _pairs(pair_scores: ArrayLike, pairs: Sequence[tuple[str, str]]) -> tuple[Floats, tuple[str, ...]]:
    matrix = score_matrix(pair_scores, "pair_scores")
    if matrix.shape[1] != len(pairs) or len(set(pairs)) != len(pairs):
        raise ValueError(f"pairs: {len(set(pairs))} different ones for {matrix.shape[1]} columns")
    return matrix, tuple(sorted({adverb for _, adverb in pairs}))
