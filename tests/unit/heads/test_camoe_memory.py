"""The memory bank, the queue and the slow twin, each on its own."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from vtr.models.heads.camoe.experts import Texts
from vtr.models.heads.camoe.memory import MemoryBank
from vtr.models.heads.camoe.momentum import follow, momentum_copy
from vtr.models.heads.camoe.queue import UNKNOWN, MomentumQueue
from vtr.models.heads.masks import unit


def test_a_read_equals_its_formula_written_with_loops() -> None:
    torch.manual_seed(0)
    bank, values = MemoryBank(5, 4, tau=0.3), torch.randn(2, 3, 4)
    read, rows = bank.read(values), bank.rows.detach()
    for b in range(2):
        for e in range(3):
            q = values[b, e] / values[b, e].norm()
            weights = [math.exp(q @ rows[r] / 0.3) for r in range(5)]
            slow = sum(weights[r] / sum(weights) * rows[r] for r in range(5))
            assert torch.allclose(read[b, e], torch.as_tensor(slow), atol=1e-5)
    gate = torch.sigmoid(bank.gate(values))
    assert torch.allclose(bank(values), values + gate * read)


def test_attention_sums_to_one_and_a_sharp_one_returns_the_nearest_row() -> None:
    torch.manual_seed(0)
    bank = MemoryBank(6, 8, tau=1e-3)
    with torch.no_grad():
        bank.rows.copy_(unit(bank.rows))
    values = 3 * bank.rows.detach()[[4, 1]]
    assert torch.allclose(bank.attention(values).sum(dim=-1), torch.ones(2))
    assert torch.allclose(bank.read(values), bank.rows[[4, 1]], atol=1e-4)


def numbered(start: int, count: int) -> tuple[Texts, Tensor, Tensor]:
    ids = torch.arange(start, start + count)
    vectors = ids.float().reshape(-1, 1, 1).expand(-1, 2, 3).clone().requires_grad_()
    return Texts(vectors, ids.float().unsqueeze(1).expand(-1, 2)), vectors * 10, ids


def test_the_oldest_leave_first_and_rows_stay_together() -> None:
    queue = MomentumQueue(5, 2, 3)
    for start, count in ((0, 3), (3, 3), (6, 1)):
        queue.push(*numbered(start, count))
    assert sorted(queue.ids.tolist()) == [2, 3, 4, 5, 6]
    assert torch.equal(queue.videos[:, 0, 0], queue.ids.float() * 10)
    assert torch.equal(queue.texts().vectors[:, 1, 2], queue.ids.float())
    assert torch.equal(queue.texts().gates[:, 1], queue.ids.float())
    queue.push(*numbered(10, 12))
    assert sorted(queue.ids.tolist()) == [17, 18, 19, 20, 21]


def test_the_queue_carries_no_gradient_and_is_saved() -> None:
    queue = MomentumQueue(4, 2, 3)
    queue.push(*numbered(0, 3))
    assert not queue.videos.requires_grad
    assert list(queue.parameters()) == []
    again = MomentumQueue(4, 2, 3)
    again.load_state_dict(queue.state_dict())
    again.push(*numbered(3, 2))
    assert again.ids.tolist() == [4, 1, 2, 3]


def test_empty_places_and_the_own_video_are_no_negatives() -> None:
    queue = MomentumQueue(4, 2, 3)
    texts, videos, ids = numbered(7, 2)
    queue.push(texts, videos, ids)
    queue.push(Texts(texts.vectors[:1], texts.gates[:1]), videos[:1], torch.tensor([UNKNOWN]))
    excluded = queue.no_negatives(torch.tensor([7, UNKNOWN]))
    assert excluded.tolist() == [[True, False, False, True], [False, False, False, True]]


@pytest.mark.parametrize("momentum", [0.0, 0.75, 1.0])
def test_the_twin_follows_by_its_momentum(momentum: float) -> None:
    torch.manual_seed(0)
    fast = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3))
    slow = momentum_copy(fast)
    before = [p.clone() for p in slow.parameters()]
    with torch.no_grad():
        for p in fast.parameters():
            p.mul_(-2)
    fast(torch.randn(8, 3))
    follow(slow, fast, momentum)
    for k, old, q in zip(slow.parameters(), before, fast.parameters(), strict=True):
        assert torch.allclose(k, momentum * old + (1 - momentum) * q)
    for kept, given in zip(slow.buffers(), fast.buffers(), strict=True):
        assert torch.equal(kept, given)
