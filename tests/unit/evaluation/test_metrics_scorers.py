"""Scorers, and the check that tells those apart that look at the other queries of the test."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtr.evaluation.metrics.hubness import hubness
from vtr.evaluation.metrics.scorers import (
    CosineScorer,
    DualSoftmaxScorer,
    QueryBank,
    QueryBankScorer,
    Scorer,
    cosine,
    dual_softmax,
)
from vtr.evaluation.metrics.transduction import TransductionError, assert_not_transductive, changed_query


def drawn(seed: int, queries: int = 30, items: int = 40, dim: int = 16) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(queries, dim)), rng.normal(size=(items, dim))


def with_hubs(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bank, queries and gallery of which a few items lie in the middle, near to every query."""
    rng = np.random.default_rng(seed)
    middle = np.full(24, 0.9)
    gallery = rng.normal(size=(200, 24))
    gallery[:6] = middle + 0.2 * rng.normal(size=(6, 24))
    bank = 0.7 * rng.normal(size=(300, 24)) + middle
    queries = 0.7 * gallery[6:] + middle + 0.3 * rng.normal(size=(194, 24))
    return bank, queries, gallery


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_cosine_and_query_bank_rank_a_query_the_same_in_any_company(seed: int) -> None:
    queries, gallery = drawn(seed)
    bank = drawn(seed + 100)[0]
    for scorer in (CosineScorer(), QueryBankScorer(bank)):
        assert not scorer.transductive
        assert_not_transductive(scorer, queries, gallery, seed=seed)


@pytest.mark.parametrize("temperature", [1.0, 100.0])
def test_dual_softmax_over_the_test_set_does_not(temperature: float) -> None:
    scorer: Scorer = DualSoftmaxScorer(temperature)
    queries, gallery = drawn(0)
    assert scorer.transductive
    assert changed_query(scorer, queries, gallery) is not None
    with pytest.raises(TransductionError, match=r"query \d+ is ranked differently"):
        assert_not_transductive(scorer, queries, gallery)


def test_a_scorer_that_only_adds_a_constant_of_the_test_set_is_not_transductive() -> None:
    queries, gallery = drawn(3)
    assert_not_transductive(lambda q, g: cosine(q, g) + float(q.sum()), queries, gallery)


def test_centring_on_the_test_queries_is_found_out() -> None:
    queries, gallery = drawn(4)
    assert changed_query(lambda q, g: cosine(q - q.mean(axis=0) + 1e-6, g), queries, gallery) is not None


@given(st.integers(0, 1000))
def test_cosine_is_that_of_one_pair_at_a_time(seed: int) -> None:
    queries, gallery = drawn(seed, 3, 4, 5)
    found = cosine(queries, gallery)
    for q, query in enumerate(queries):
        for n, item in enumerate(gallery):
            expected = query @ item / np.linalg.norm(query) / np.linalg.norm(item)
            assert found[q, n] == pytest.approx(expected)
    assert found == pytest.approx(cosine(7 * queries, 0.1 * gallery))


@given(st.integers(0, 1000), st.floats(0.1, 50))
def test_dual_softmax_is_the_formula(seed: int, temperature: float) -> None:
    s = np.random.default_rng(seed).uniform(-1, 1, size=(4, 5))
    weights = np.exp(temperature * s)
    assert dual_softmax(s, temperature) == pytest.approx(s * weights / weights.sum(axis=0))


@given(st.integers(0, 1000))
def test_the_bank_ranks_as_the_inverted_softmax_where_the_best_hit_is_a_hub(seed: int) -> None:
    rng = np.random.default_rng(seed)
    of_bank, of_queries = rng.uniform(-1, 1, size=(6, 8)), rng.uniform(-1, 1, size=(5, 8))
    bank = QueryBank.of(of_bank, beta=20)
    found = bank.normalise(of_queries)
    hubs = {int(row.argmax()) for row in of_bank}
    assert set(np.flatnonzero(bank.hubs)) == hubs
    for s, scores in zip(of_queries, found, strict=True):
        if int(s.argmax()) in hubs:
            inverted = np.exp(20 * s) / np.exp(20 * of_bank).sum(axis=0)
            assert np.argsort(-scores).tolist() == np.argsort(-inverted).tolist()
        else:
            assert scores.tolist() == s.tolist()


def test_the_bank_does_not_overflow() -> None:
    bank = QueryBank.of(np.full((3, 2), 1.0), beta=5000)
    assert np.isfinite(bank.log_z).all()


def test_the_bank_cuts_hubness() -> None:
    bank, queries, gallery = with_hubs(0)
    plain = CosineScorer()(queries, gallery)
    banked = QueryBankScorer(bank)(queries, gallery)
    assert hubness(plain, k=1) > 3
    assert hubness(banked, k=1) < 0.7 * hubness(plain, k=1)


def test_bad_input_is_named() -> None:
    queries, gallery = drawn(0)
    with pytest.raises(ValueError, match="queries: row 2 is zero"):
        cosine(np.concatenate([queries[:2], np.zeros((1, 16))]), gallery)
    with pytest.raises(ValueError, match="gallery: 3 dimensions, queries have 16"):
        cosine(queries, gallery[:, :3])
    with pytest.raises(ValueError, match=r"beta: 0 is not above 0"):
        QueryBank.of(cosine(queries, gallery), beta=0)
    with pytest.raises(ValueError, match="3 videos, the bank knows 40"):
        QueryBank.of(cosine(queries, gallery)).normalise(np.zeros((1, 3)))
