from __future__ import annotations

import numpy as np
import pytest

from vtr.models.heads.vlgnet.rerank import VideoSearch, chance, choose, metrics, reranked


def a_search() -> VideoSearch:
    """Two sentences, four videos; the right one is second by the cosine, then third and last."""
    cosine = np.array([[0.9, 0.8, 0.1, 0.0], [0.5, 0.4, 0.3, 0.2]], dtype=np.float32)
    relevant = np.array([[False, True, False, False], [False, False, True, True]])
    top = np.argsort(-cosine, axis=1)[:, :3]
    return VideoSearch(("a", "b"), ("p", "q", "r", "s"), relevant, cosine, top)


def test_the_top_changes_its_order_and_stays_before_the_rest() -> None:
    search = a_search()
    scores = np.array([[-50.0, -40.0, -90.0], [0.0, 0.0, 9.0]], dtype=np.float32)
    order = np.argsort(-reranked(search, scores, 1.0), axis=1)
    assert order.tolist() == [[1, 0, 2, 3], [2, 0, 1, 3]]
    assert np.argsort(-reranked(search, scores, 0.0), axis=1).tolist() == [[0, 1, 2, 3]] * 2


def test_no_weight_changes_nothing_however_near_the_cosines_are() -> None:
    cosine = np.linspace(0.05, 0.05 + 4e-7, 100, dtype=np.float32)[None, ::-1].copy()
    top = np.argsort(-cosine, axis=1, kind="stable")[:, :60]
    search = VideoSearch(("a",), tuple(map(str, range(100))), np.eye(100, dtype=bool)[[7]], cosine, top)
    assert metrics(search, reranked(search, np.full((1, 60), -30, np.float32), 0.0)) == metrics(search)


def test_a_query_is_ranked_alike_whatever_else_is_asked() -> None:
    search = a_search()
    scores = np.array([[-5.0, 4.0, 9.0], [0.0, 100.0, 9.0]], dtype=np.float32)
    both = reranked(search, scores, 0.3)
    for row in range(2):
        part = slice(row, row + 1)
        alone = VideoSearch(
            search.texts[part], search.videos, search.relevant[part], search.cosine[part], search.top[part]
        )
        np.testing.assert_array_equal(reranked(alone, scores[part], 0.3), both[part])


def test_the_smallest_weight_that_finds_most_is_chosen() -> None:
    search = a_search()
    bad = np.zeros((2, 3), dtype=np.float32)
    good = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], dtype=np.float32)
    found = choose([(search, {"max": bad, "logsumexp": good})])
    assert (found.reduce, found.before, found.after) == ("logsumexp", (0.0,), (100.0,))
    assert found.weight == 0.2
    assert choose([(search, {"max": bad, "logsumexp": bad})]).weight == 0.0
    assert metrics(search)["R@1"] == 0.0


def test_no_search_may_lose_by_what_another_gains() -> None:
    search = a_search()
    good = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], dtype=np.float32)
    scores = {"max": good, "logsumexp": good}
    # Of the other search the cosine is right already for one text, and any score is wrong there.
    relevant = np.eye(4, dtype=bool)[[0, 3]]
    other = VideoSearch(search.texts, search.videos, relevant, search.cosine, search.top)
    assert choose([(search, scores)]).weight > 0
    assert choose([(search, scores), (other, scores)]).weight == 0.0


def test_chance_counts_all_right_answers() -> None:
    found = chance(a_search())
    assert found["R@1"] == pytest.approx(100 * (1 / 4 + 2 / 4) / 2)
    assert found["R@5"] == 100.0
