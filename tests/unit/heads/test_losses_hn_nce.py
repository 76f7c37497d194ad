"""HN-NCE: equal to its formula, to InfoNCE where beta is 0, and harder on hard negatives."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from vtr.models.losses.hn_nce import hn_nce, hn_nce_one_way


def cosines(size: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(size, size, generator=generator, dtype=torch.float64) * 2 - 1


def slow(s: Tensor, alpha: float, beta: float, tau: float) -> float:
    """The formula with loops, exactly as it is written."""
    size = len(s)
    total = 0.0
    for i in range(size):
        others = [j for j in range(size) if j != i]
        norm = sum(math.exp(beta * s[i, k].item() / tau) for k in others)
        negatives = sum(
            (size - 1) * math.exp(beta * s[i, j].item() / tau) / norm * math.exp(s[i, j].item() / tau)
            for j in others
        )
        positive = math.exp(s[i, i].item() / tau)
        total -= math.log(positive / (alpha * positive + negatives))
    return total


@pytest.mark.parametrize(
    ("alpha", "beta", "tau"), [(1.0, 0.5, 0.07), (0.0, 1.0, 0.2), (0.5, 0.0, 0.1), (2.0, 2.0, 1.0)]
)
def test_it_equals_the_formula_written_with_loops(alpha: float, beta: float, tau: float) -> None:
    s = cosines(7)
    rows = hn_nce_one_way(s, alpha=alpha, beta=beta, tau=tau)
    assert rows.sum().item() == pytest.approx(slow(s, alpha, beta, tau), rel=1e-9)
    both = (slow(s, alpha, beta, tau) + slow(s.T, alpha, beta, tau)) / 2 / len(s)
    assert hn_nce(s, alpha=alpha, beta=beta, tau=tau).item() == pytest.approx(both, rel=1e-9)


def test_beta_zero_and_alpha_one_is_infonce() -> None:
    s, target = cosines(9), torch.arange(9)
    infonce = (functional.cross_entropy(s / 0.07, target) + functional.cross_entropy(s.T / 0.07, target)) / 2
    assert torch.allclose(hn_nce(s, alpha=1, beta=0, tau=0.07), infonce)
    assert not torch.allclose(hn_nce(s, alpha=1, beta=0.5, tau=0.07), infonce)


def test_the_order_of_the_batch_changes_nothing() -> None:
    s, order = cosines(8), torch.randperm(8, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(hn_nce(s), hn_nce(s[order][:, order]))
    assert torch.allclose(hn_nce_one_way(s)[order], hn_nce_one_way(s[order][:, order]))


def test_a_larger_beta_moves_the_gradient_to_the_hardest_negative() -> None:
    def share_of_hardest(beta: float) -> float:
        s = torch.tensor([[0.5, 0.4, 0.1], [0.0, 0.5, 0.0], [0.0, 0.0, 0.5]], requires_grad=True)
        hn_nce_one_way(s, beta=beta, tau=0.2)[0].backward()
        assert s.grad is not None
        return (s.grad[0, 1] / (s.grad[0, 1] + s.grad[0, 2])).item()

    assert share_of_hardest(1.0) > share_of_hardest(0.5) > share_of_hardest(0.0)


def test_what_is_ignored_is_as_if_it_were_not_there() -> None:
    s = cosines(4)
    ignore = torch.zeros(4, 4, dtype=torch.bool)
    ignore[:3, 3] = True
    ignore[3, :3] = True
    rows = hn_nce_one_way(s, ignore=ignore)
    assert torch.allclose(rows[:3], hn_nce_one_way(s[:3, :3]))
    assert rows[3].item() == 0


def test_extreme_similarities_and_lone_rows_keep_value_and_gradient_finite() -> None:
    hard = (torch.eye(3) * -2 + 1).requires_grad_()
    for s in (hard, torch.tensor([[0.3]], requires_grad=True)):
        loss = hn_nce(s, tau=0.01)
        loss.backward()
        assert torch.isfinite(loss)
        assert s.grad is not None
        assert torch.isfinite(s.grad).all()


def test_gradients_are_those_of_finite_differences() -> None:
    s = cosines(4).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: hn_nce(x, tau=0.5), (s,))


def test_bad_arguments_name_themselves() -> None:
    with pytest.raises(ValueError, match=r"\[2, 3\] is not square"):
        hn_nce(torch.zeros(2, 3))
    with pytest.raises(ValueError, match="beta -1"):
        hn_nce(torch.zeros(2, 2), beta=-1)
