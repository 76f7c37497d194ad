"""How well adverbs are told: against the antonym, and ranked over all videos; always with the prior
beside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtr.models.heads.base import HeadError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class AdverbReport:
    """``acc_a``: antonym accuracy; ``map_w``, ``map_m``: mean average precision weighted by the videos of an
    adverb, and plain. The ``prior_`` ones see the action and the training counts alone, never the video."""

    acc_a: float
    map_w: float
    map_m: float
    prior_acc_a: float
    prior_map_w: float
    prior_map_m: float
    videos: int


def adverb_report(scores: Floats, adverbs: Ints, antonyms: Ints, prior: Floats) -> AdverbReport:
    """``scores``, ``prior`` [V, M]; ``adverbs`` [V], the truth; ``antonyms`` [M]."""
    if scores.shape != prior.shape or scores.shape != (len(adverbs), len(antonyms)) or not len(adverbs):
        raise HeadError(
            f"scores, prior: {scores.shape}, {prior.shape}, for {len(adverbs)} videos and"
            f" {len(antonyms)} adverbs"
        )
    weighted, macro = adverb_map(scores, adverbs)
    prior_weighted, prior_macro = adverb_map(prior, adverbs)
    return AdverbReport(
        acc_a=antonym_accuracy(scores, adverbs, antonyms),
        map_w=weighted,
        map_m=macro,
        prior_acc_a=antonym_accuracy(prior, adverbs, antonyms),
        prior_map_w=prior_weighted,
        prior_map_m=prior_macro,
        videos=len(adverbs),
    )


def antonym_accuracy(scores: Floats, adverbs: Ints, antonyms: Ints) -> float:
    """Acc-A: the share of videos whose adverb outscores its antonym (Doughty et al., CVPR 2020); a tie is
    half."""
    row = np.arange(len(adverbs))
    margin = scores[row, adverbs] - scores[row, antonyms[adverbs]]
    return float(((margin > 0) + 0.5 * (margin == 0)).mean())


def adverb_map(scores: Floats, adverbs: Ints) -> tuple[float, float]:
    """mAP-W and mAP-M over the adverbs that occur: each ranks all videos by its column of ``scores`` [V,
    M]."""
    present, counts = np.unique(adverbs, return_counts=True)
    found = np.array([average_precision(scores[:, m], adverbs == m) for m in present])
    return float(np.average(found, weights=counts)), float(found.mean())


def average_precision(scores: Floats, relevant: NDArray[np.bool_]) -> float:
    """Mean over the relevant of the precision at their rank; ``scores`` [V]. Equal scores share the worst
    rank of their group, so that no order of the input flatters."""
    ranks = np.array([(scores >= s).sum() for s in scores[relevant]])
    hits = np.array([((scores >= s) & relevant).sum() for s in scores[relevant]])
    return float((hits / ranks).mean())


def adverb_prior(train_actions: Ints, train_adverbs: Ints, actions: Ints, adverb_count: int) -> Floats:
    """[V, M]: p(adverb | action) counted in training, for the ``actions`` [V] of the test; p(adverb) for an
    action that training lacks."""
    everywhere = np.bincount(train_adverbs, minlength=adverb_count).astype(np.float64)
    found = np.zeros((len(actions), adverb_count))
    for action in np.unique(actions):
        counts = np.bincount(train_adverbs[train_actions == action], minlength=adverb_count).astype(
            np.float64
        )
        chosen = counts if counts.any() else everywhere
        found[actions == action] = chosen / max(chosen.sum(), 1)
    return found
