from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from vtr.models.losses.gradcache import cached_backward
from vtr.models.losses.infonce import Temperature, info_nce


def slow_info_nce(s: list[list[float]], tau: float, extra: list[list[float]]) -> float:
    """The formula term by term."""
    n = len(s)
    total = 0.0
    for i in range(n):
        row = sum(math.exp(s[i][j] / tau) for j in range(n)) + sum(math.exp(x / tau) for x in extra[i])
        column = sum(math.exp(s[j][i] / tau) for j in range(n))
        total += -math.log(math.exp(s[i][i] / tau) / row) - math.log(math.exp(s[i][i] / tau) / column)
    return total / (2 * n)


def test_info_nce_equals_the_formula() -> None:
    torch.manual_seed(0)
    s, extra = torch.rand(5, 5) * 2 - 1, torch.rand(5, 2) * 2 - 1
    none: list[list[float]] = [[]] * 5
    assert float(info_nce(s, 0.2)) == pytest.approx(slow_info_nce(s.tolist(), 0.2, none), rel=1e-5)
    mask = torch.tensor([[True, False], [True, True], [False, False], [False, True], [True, True]])
    kept = [
        [x for x, m in zip(row, keep, strict=True) if m]
        for row, keep in zip(extra.tolist(), mask, strict=True)
    ]
    got = info_nce(s, 0.2, extra=extra, extra_mask=mask)
    assert float(got) == pytest.approx(slow_info_nce(s.tolist(), 0.2, kept), rel=1e-5)


def test_info_nce_does_not_depend_on_the_order_of_the_batch() -> None:
    torch.manual_seed(1)
    s = torch.rand(6, 6)
    order = torch.randperm(6)
    torch.testing.assert_close(info_nce(s, 0.1), info_nce(s[order][:, order], 0.1))


def test_info_nce_refuses_a_matrix_that_is_not_square() -> None:
    with pytest.raises(ValueError, match=r"\[2, 3\] is not square"):
        info_nce(torch.zeros(2, 3), 0.1)


def test_temperature_never_falls_below_its_least_value_and_can_rise_again() -> None:
    tau = Temperature(0.02, least=0.01)
    optimizer = torch.optim.SGD(tau.parameters(), lr=1.0)
    for _ in range(5):
        optimizer.zero_grad()
        tau.log_tau.sum().backward()
        optimizer.step()
        tau.clamp_()
    assert float(tau().detach()) == pytest.approx(0.01)
    optimizer.zero_grad()
    (-tau()).backward()
    optimizer.step()
    assert float(tau().detach()) > 0.0101


@pytest.mark.parametrize("chunks", [1, 2, 4])
def test_cached_gradients_equal_plain_ones_dropout_included(chunks: int) -> None:
    torch.manual_seed(2)
    a = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Dropout(0.5), nn.Linear(8, 4))
    b = nn.Linear(6, 4)
    tau = Temperature(0.5)
    parameters = [*a.parameters(), *b.parameters(), *tau.parameters()]
    x, y = torch.randn(8, 6), torch.randn(8, 6)
    parts = list(zip(x.chunk(chunks), y.chunk(chunks), strict=True))

    def embed(part: tuple[torch.Tensor, torch.Tensor]) -> list[torch.Tensor]:
        return [a(part[0]), b(part[1])]

    def loss(of: object) -> torch.Tensor:
        videos, texts = of  # type: ignore[misc]
        return info_nce(videos @ texts.T, tau())

    torch.manual_seed(3)
    outputs = [embed(part) for part in parts]  # the same chunks, hence the same dropout
    plain = loss([torch.cat(list(o)) for o in zip(*outputs, strict=True)])
    plain.backward()
    expected = [p.grad.clone() for p in parameters if p.grad is not None]
    for p in parameters:
        p.grad = None
    torch.manual_seed(3)
    cached = cached_backward(parts, embed, loss)
    torch.testing.assert_close(cached, plain.detach())
    torch.testing.assert_close([p.grad for p in parameters], expected)
