"""Dual softmax: equal to its formula, equivariant, and transductive where it says so."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from vtr.models.losses.dual_softmax import dual_softmax, dual_softmax_loss, transductive_dual_softmax


def cosines(rows: int, columns: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(rows, columns, generator=generator, dtype=torch.float64) * 2 - 1


def test_it_equals_the_formula_written_with_loops() -> None:
    s, temp = cosines(4, 5), 7.0
    revised = dual_softmax(s, temp=temp, query_dim=0)
    for i in range(4):
        for j in range(5):
            prior = math.exp(temp * s[i, j]) / sum(math.exp(temp * s[q, j]) for q in range(4))
            assert revised[i, j].item() == pytest.approx(s[i, j].item() * prior)


def test_the_loss_equals_both_directions_by_hand() -> None:
    s, target = cosines(6, 6), torch.arange(6)
    text_to_video = 20 * 6 * s * functional.softmax(5 * s, dim=0)
    video_to_text = 20 * 6 * s * functional.softmax(5 * s, dim=1)
    by_hand = (
        functional.cross_entropy(text_to_video, target) + functional.cross_entropy(video_to_text.T, target)
    ) / 2
    assert torch.allclose(dual_softmax_loss(s, temp=5, scale=20), by_hand)


def test_a_flat_prior_leaves_infonce() -> None:
    s, target = cosines(6, 6), torch.arange(6)
    infonce = (functional.cross_entropy(20 * s, target) + functional.cross_entropy(20 * s.T, target)) / 2
    assert torch.allclose(dual_softmax_loss(s, temp=0, scale=20), infonce)


def test_permuting_queries_and_candidates_permutes_the_scores_alike() -> None:
    s = cosines(6, 5)
    rows, columns = torch.tensor([3, 1, 5, 0, 2, 4]), torch.tensor([4, 2, 0, 1, 3])
    assert torch.allclose(
        transductive_dual_softmax(s)[rows][:, columns], transductive_dual_softmax(s[rows][:, columns])
    )
    square = cosines(6, 6)
    assert torch.allclose(dual_softmax_loss(square), dual_softmax_loss(square[rows][:, rows]))


def test_a_ranking_changes_when_other_queries_go_which_is_what_transductive_means() -> None:
    # Query 0 likes the hub (column 0) best; so does query 1, much more.
    s = torch.tensor([[0.6, 0.5], [0.9, 0.1]])
    with_others = transductive_dual_softmax(s, temp=20)[0]
    alone = transductive_dual_softmax(s[:1], temp=20)[0]
    assert with_others.argmax().item() == 1
    assert alone.argmax().item() == 0


def test_ignored_columns_are_no_negatives_and_the_pair_stays() -> None:
    s = cosines(4, 4)
    everything = torch.ones(4, 4, dtype=torch.bool)
    assert dual_softmax_loss(s, ignore=everything).item() == pytest.approx(0)
    one = torch.zeros(4, 4, dtype=torch.bool)
    one[0, 1] = one[1, 0] = True
    assert dual_softmax_loss(s, ignore=one) < dual_softmax_loss(s)


def test_a_matrix_that_is_not_square_is_refused() -> None:
    with pytest.raises(ValueError, match="not square"):
        dual_softmax_loss(torch.zeros(2, 3))
