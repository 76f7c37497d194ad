"""Adverb metrics, equal to trec_eval's average precision without ties, and the prior beside them."""

from __future__ import annotations

import numpy as np
import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st

from vtr.evaluation.metrics.adverbs import AdverbPrior, AdverbScores, adverb_metrics, any_action, given_action
from vtr.evaluation.metrics.binary import binary_accuracy

ADVERBS = ("carefully", "carelessly", "quickly", "slowly")
ANTONYMS = {"quickly": "slowly", "slowly": "quickly", "carefully": "carelessly", "carelessly": "carefully"}


@given(st.integers(0, 10_000), st.integers(2, 40))
def test_average_precision_is_weighted_by_support_or_macro(seed: int, clips: int) -> None:
    rng = np.random.default_rng(seed)
    true = [str(a) for a in rng.choice(ADVERBS, size=clips)]
    scores = rng.normal(size=(clips, 4))
    found = adverb_metrics(AdverbScores(scores, ADVERBS), true, ANTONYMS)
    present = sorted(set(true))
    qrels = {a: {f"c{clip}": int(t == a) for clip, t in enumerate(true)} for a in present}
    run = {a: {f"c{clip}": float(s) for clip, s in enumerate(scores[:, ADVERBS.index(a)])} for a in present}
    evaluated = pytrec_eval.RelevanceEvaluator(qrels, {"map"}).evaluate(run)
    expected = [evaluated[a]["map"] for a in present]
    assert found["mAP-M"] == pytest.approx(100 * np.mean(expected))
    assert found["mAP-W"] == pytest.approx(
        100 * np.average(expected, weights=[true.count(a) for a in present])
    )
    right = [scores[i, ADVERBS.index(a)] > scores[i, ADVERBS.index(ANTONYMS[a])] for i, a in enumerate(true)]
    assert found["Acc-A"] == pytest.approx(100 * np.mean(right))


def test_the_action_given_narrows_the_choice_to_its_own_compositions() -> None:
    pairs = [("pour", "slowly"), ("pour", "quickly"), ("cut", "slowly"), ("cut", "quickly")]
    scores = np.array([[0.5, 0.4, 0.1, 0.9]])
    given_pour = given_action(scores, pairs, ["pour"])
    either = any_action(scores, pairs)
    assert given_pour.adverbs == either.adverbs == ("quickly", "slowly")
    assert given_pour.scores.tolist() == [[0.4, 0.5]]
    assert either.scores.tolist() == [[0.9, 0.5]]
    assert adverb_metrics(given_pour, ["slowly"], ANTONYMS)["Acc-A"] == 100
    assert adverb_metrics(either, ["slowly"], ANTONYMS)["Acc-A"] == 0


def test_an_adverb_that_never_occurs_with_the_action_comes_last() -> None:
    pairs = [("pour", "slowly"), ("cut", "quickly"), ("cut", "slowly")]
    found = given_action(np.array([[-5.0, 3.0, 2.0]]), pairs, ["pour"])
    assert found.scores[0, found.adverbs.index("quickly")] < -5


def test_the_prior_knows_what_training_says_of_the_action() -> None:
    prior = AdverbPrior(ADVERBS).fit(
        ["pour", "pour", "pour", "cut"], ["slowly", "slowly", "quickly", "quickly"]
    )
    scores = prior.score(["pour", "cut", "blink"])
    assert scores.scores.sum(axis=1) == pytest.approx([1, 1, 1])
    found = adverb_metrics(scores, ["slowly", "quickly", "slowly"], ANTONYMS, ties="half")
    # pour: slowly is likelier; cut: quickly is; blink is unknown, and both adverbs are equally frequent.
    assert found["Acc-A"] == pytest.approx(100 * 2.5 / 3)


def test_a_tie_with_the_antonym_is_wrong_for_a_scorer_and_half_for_a_prior() -> None:
    assert binary_accuracy([1.0, 2.0], [1.0, 1.0]) == 50
    assert binary_accuracy([1.0, 2.0], [1.0, 1.0], ties="half") == 75


def test_what_does_not_fit_together_is_named() -> None:
    scores = AdverbScores(np.zeros((1, 4)), ADVERBS)
    with pytest.raises(ValueError, match="adverb 'loudly' is not among the scored"):
        adverb_metrics(scores, ["loudly"], ANTONYMS)
    with pytest.raises(ValueError, match="that of 'slowly' is not among the scored"):
        adverb_metrics(scores, ["slowly"], {})
    with pytest.raises(ValueError, match="no pair has the action 'blink'"):
        given_action(np.zeros((1, 1)), [("pour", "slowly")], ["blink"])
    with pytest.raises(ValueError, match="fit it on training clips first"):
        AdverbPrior(ADVERBS).score(["pour"])
    with pytest.raises(ValueError, match="training has 'loudly'"):
        AdverbPrior(ADVERBS).fit(["sing"], ["loudly"])
