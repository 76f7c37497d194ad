"""Ranks, recall, average precision and nDCG: bounds, invariances, slow references, trec_eval."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vtr.evaluation.metrics.graded import average_precision, mean_average_precision, mean_ndcg, ndcg
from vtr.evaluation.metrics.hubness import hubness, k_occurrences
from vtr.evaluation.metrics.ranks import (
    first_hit_ranks,
    group_chance,
    group_ranks,
    mean_rank,
    median_rank,
    recall_at,
    recall_curve,
    retrieval_metrics,
    target_ranks,
)

# Few values, so that ties are frequent.
TIED = st.integers(-2, 2).map(float)


@st.composite
def ranked(draw: st.DrawFn, values: st.SearchStrategy[float] = TIED) -> tuple[np.ndarray, np.ndarray]:
    """Scores [Q, N] and relevance 0..3 [Q, N] with something relevant to each query."""
    shape = draw(st.tuples(st.integers(1, 5), st.integers(1, 7)))
    scores = draw(arrays(np.float64, shape, elements=values))
    relevance = draw(arrays(np.float64, shape, elements=st.integers(0, 3).map(float)))
    for row in relevance:
        row[draw(st.integers(0, shape[1] - 1))] = draw(st.integers(1, 3))
    return scores, relevance


def order_with_the_worst_luck(scores: np.ndarray, relevance: np.ndarray) -> list[int]:
    return sorted(range(len(scores)), key=lambda i: (-scores[i], relevance[i]))


@given(ranked())
def test_the_rank_is_that_of_a_sort_with_the_worst_luck(case: tuple[np.ndarray, np.ndarray]) -> None:
    scores, relevance = case
    for row, (s, r) in enumerate(zip(scores, relevance, strict=True)):
        expected = next(p for p, i in enumerate(order_with_the_worst_luck(s, r > 0), start=1) if r[i] > 0)
        assert first_hit_ranks(scores, relevance > 0)[row] == expected


@given(ranked(), st.integers(0, 99))
def test_no_metric_depends_on_the_order_of_gallery_or_queries(
    case: tuple[np.ndarray, np.ndarray], seed: int
) -> None:
    scores, relevance = case
    rng = np.random.default_rng(seed)
    items, queries = rng.permutation(scores.shape[1]), rng.permutation(len(scores))
    mixed, mixed_relevance = scores[queries][:, items], relevance[queries][:, items]
    first, second = first_hit_ranks(scores, relevance > 0), first_hit_ranks(mixed, mixed_relevance > 0)
    assert (first[queries] == second).all()
    assert mean_average_precision(mixed, mixed_relevance) == pytest.approx(
        mean_average_precision(scores, relevance)
    )
    assert mean_ndcg(mixed, mixed_relevance, 3) == pytest.approx(mean_ndcg(scores, relevance, 3))


@given(ranked())
def test_all_metrics_stay_in_their_bounds_and_recall_never_falls(case: tuple[np.ndarray, np.ndarray]) -> None:
    scores, relevance = case
    gallery = scores.shape[1]
    ranks = first_hit_ranks(scores, relevance > 0)
    curve = recall_curve(ranks, gallery)
    assert (np.diff(curve) >= 0).all()
    assert curve[-1] == 100
    assert [recall_at(ranks, k) for k in range(1, gallery + 1)] == pytest.approx(list(curve))
    assert 1 <= median_rank(ranks) <= gallery
    assert 1 <= mean_rank(ranks) <= gallery
    for values in (average_precision(scores, relevance), ndcg(scores, relevance, 3)):
        assert (values > -1e-12).all()
        assert (values < 1 + 1e-12).all()


@given(ranked())
def test_a_perfect_scorer_gets_everything(case: tuple[np.ndarray, np.ndarray]) -> None:
    _, relevance = case
    assert set(first_hit_ranks(relevance, relevance > 0)) == {1}
    assert mean_average_precision(relevance, relevance) == pytest.approx(100)
    assert mean_ndcg(relevance, relevance, 10) == pytest.approx(100)


def test_a_scorer_that_cannot_tell_items_apart_is_ranked_last() -> None:
    scores = np.zeros((3, 10))
    ranks = target_ranks(scores, [0, 4, 9])
    assert ranks.tolist() == [10, 10, 10]
    assert retrieval_metrics(ranks, ks=(1, 5)) == {"R@1": 0, "R@5": 0, "MedR": 10, "MeanR": 10}


def test_the_reference_itself_can_be_left_out_of_the_gallery() -> None:
    scores = np.array([[0.9, 0.8, 0.1]])
    exclude = np.array([[True, False, False]])
    assert target_ranks(scores, [1]).tolist() == [2]
    assert target_ranks(scores, [1], exclude).tolist() == [1]
    with pytest.raises(ValueError, match="nothing in the gallery is relevant to query 0"):
        target_ranks(scores, [0], exclude)


def test_a_hard_gallery_is_the_query_s_own_group() -> None:
    scores = np.array([[0.5, 0.4, 0.9, 0.9], [0.9, 0.9, 0.2, 0.3]])
    groups = ["a", "a", "b", "b"]
    assert group_ranks(scores, [0, 2], ["a", "b"], groups).tolist() == [1, 2]
    assert target_ranks(scores, [0, 2]).tolist() == [3, 4]
    assert group_chance(["a", "b"], [*groups, "b", "b"]) == pytest.approx(100 * (1 / 2 + 1 / 4) / 2)
    with pytest.raises(ValueError, match="nothing in the gallery is relevant to query 0"):
        group_ranks(scores, [2, 2], ["a", "b"], groups)


distinct = st.permutations(range(8)).map(lambda p: np.array(p, dtype=np.float64))


@settings(max_examples=60)
@given(
    st.lists(distinct, min_size=1, max_size=4),
    st.lists(st.integers(0, 3), min_size=8, max_size=8).filter(any),
)
def test_without_ties_the_numbers_are_those_of_trec_eval(scores: list[np.ndarray], gains: list[int]) -> None:
    matrix, relevance = np.stack(scores), np.tile(np.array(gains, dtype=np.float64), (len(scores), 1))
    qrels = {f"q{q}": {f"d{d}": gain for d, gain in enumerate(gains)} for q in range(len(scores))}
    run = {f"q{q}": {f"d{d}": float(s) for d, s in enumerate(row)} for q, row in enumerate(scores)}
    found = pytrec_eval.RelevanceEvaluator(qrels, {"map", "ndcg_cut.5", "recip_rank"}).evaluate(run)
    for q in range(len(scores)):
        assert average_precision(matrix, relevance)[q] == pytest.approx(found[f"q{q}"]["map"])
        assert ndcg(matrix, relevance, 5)[q] == pytest.approx(found[f"q{q}"]["ndcg_cut_5"])
        assert 1 / first_hit_ranks(matrix, relevance > 0)[q] == pytest.approx(found[f"q{q}"]["recip_rank"])


@given(ranked(), st.integers(1, 4))
def test_k_occurrences_share_out_all_places(case: tuple[np.ndarray, np.ndarray], k: int) -> None:
    scores, _ = case
    counts = k_occurrences(scores, k)
    assert counts.sum() == len(scores) * min(k, scores.shape[1])
    assert counts.max() <= len(scores)


def test_a_hub_makes_the_occurrences_skewed() -> None:
    fair = np.eye(50)
    hub = fair.copy()
    hub[:, 7] = 2.0
    assert hubness(fair, k=1) == 0
    assert hubness(hub, k=1) > 6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: target_ranks(np.zeros((2, 3)), [0]), "targets: .* for 2 queries"),
        (lambda: target_ranks(np.zeros((1, 3)), [3]), r"targets: 3\.\.3 in a gallery of 3"),
        (lambda: target_ranks(np.array([[0.0, np.nan]]), [0]), "scores: nan for query 0, item 1"),
        (lambda: recall_at(np.array([0]), 1), "whole numbers from 1"),
        (lambda: recall_at(np.array([1]), 0), "k: 0 is less than 1"),
        (lambda: average_precision(np.zeros((1, 2)), np.zeros((1, 2))), "nothing is relevant to query 0"),
        (lambda: ndcg(np.zeros((1, 2)), np.array([[-1.0, 1.0]]), 2), "-1.0 is negative"),
        (lambda: first_hit_ranks(np.zeros((1, 2)), np.zeros((1, 2))), "relevant: expected bool"),
    ],
)
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
