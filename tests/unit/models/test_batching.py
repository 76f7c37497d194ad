"""Packing under a budget keeps order, loses nothing and is tight."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtr.models.encoders.batching import pack, slices

costs_of_work = st.lists(st.integers(min_value=0, max_value=40), max_size=60)


@given(costs_of_work, st.integers(min_value=1, max_value=50))
def test_every_index_once_in_order_within_the_budget(costs: list[int], budget: int) -> None:
    batches = pack(costs, budget)
    assert [index for batch in batches for index in batch] == list(range(len(costs)))
    for batch in batches:
        assert len(batch) > 0
        assert sum(costs[i] for i in batch) <= budget or len(batch) == 1


@given(costs_of_work, st.integers(min_value=1, max_value=50))
def test_no_batch_could_have_taken_the_next_item(costs: list[int], budget: int) -> None:
    batches = pack(costs, budget)
    for batch, following in pairwise(batches):
        assert sum(costs[i] for i in batch) + costs[following.start] > budget


@given(st.integers(0, 300), st.integers(1, 40))
def test_slices_cover_all(total: int, size: int) -> None:
    parts = list(slices(total, size))
    assert [i for part in parts for i in range(total)[part]] == list(range(total))
    assert all(part.stop - part.start == size for part in parts[:-1])


@pytest.mark.parametrize(("costs", "budget", "message"), [([1], 0, "budget"), ([1, -2], 5, r"costs\[1\]")])
def test_refuses_nonsense(costs: list[int], budget: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pack(costs, budget)
    with pytest.raises(ValueError, match="size"):
        list(slices(3, 0))
