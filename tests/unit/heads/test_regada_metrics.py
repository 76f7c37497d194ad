import numpy as np
import pytest

from vtr.models.heads.base import HeadError
from vtr.models.heads.regada.adverb_metrics import (
    adverb_map,
    adverb_prior,
    adverb_report,
    antonym_accuracy,
    average_precision,
)

ANTONYMS = np.array([1, 0, 3, 2])


def test_average_precision_equals_a_slow_reference_and_ties_do_not_flatter() -> None:
    draw = np.random.default_rng(0)
    scores, relevant = draw.random(30), draw.random(30) > 0.7
    order = np.argsort(-scores)
    hits, total = 0, 0.0
    for rank, video in enumerate(order, start=1):
        if relevant[video]:
            hits += 1
            total += hits / rank
    assert average_precision(scores, relevant) == pytest.approx(total / hits)
    assert average_precision(np.zeros(4), np.array([True, False, False, False])) == 0.25


def test_antonym_accuracy_counts_a_tie_as_half() -> None:
    scores = np.array([[0.9, 0.1, 0.0, 0.0], [0.9, 0.1, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]])
    assert antonym_accuracy(scores, np.array([0, 1, 2]), ANTONYMS) == 0.5


def test_weighted_and_macro_differ_by_the_counts() -> None:
    scores = np.array([[3.0, 0.0], [2.0, 0.0], [1.0, 0.0], [0.0, -1.0]])
    weighted, macro = adverb_map(scores, np.array([0, 0, 0, 1]))
    assert weighted == pytest.approx((3 * 1.0 + 0.25) / 4)
    assert macro == pytest.approx((1.0 + 0.25) / 2)


def test_the_prior_counts_training_by_action_and_falls_back_to_all() -> None:
    found = adverb_prior(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 2]), np.array([0, 1, 5]), 4)
    np.testing.assert_allclose(found, [[2 / 3, 1 / 3, 0, 0], [0, 0, 1, 0], [0.5, 0.25, 0.25, 0]])


def test_a_report_stands_beside_its_prior() -> None:
    adverbs = np.array([0, 1, 2, 3])
    prior = np.tile([0.4, 0.3, 0.2, 0.1], (4, 1))
    report = adverb_report(np.eye(4), adverbs, ANTONYMS, prior)
    assert (report.acc_a, report.map_w, report.map_m) == (1.0, 1.0, 1.0)
    assert (report.prior_acc_a, report.prior_map_m, report.videos) == (0.5, 0.25, 4)
    with pytest.raises(HeadError, match="4 videos"):
        adverb_report(np.eye(3), adverbs, ANTONYMS, np.eye(3))
