"""Cuts work into batches under a budget, in order. Pure; used inside encoders and before them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def pack(costs: Sequence[int], budget: int) -> list[range]:
    """Indices of ``costs`` as consecutive ranges whose costs sum to at most ``budget`` each.

    Order is kept and every index comes once. An item that alone is above the budget is a batch of its
    own: work is never refused here. Greedy, which for consecutive batches gives the fewest.

    Raises ``ValueError`` for a budget below 1 or a negative cost.
    """
    if budget < 1:
        raise ValueError(f"budget: {budget}, but at least 1 is needed")
    batches: list[range] = []
    start, filled = 0, 0
    for index, cost in enumerate(costs):
        if cost < 0:
            raise ValueError(f"costs[{index}]: {cost} is negative")
        if index > start and filled + cost > budget:
            batches.append(range(start, index))
            start, filled = index, 0
        filled += cost
    if start < len(costs):
        batches.append(range(start, len(costs)))
    return batches


def slices(total: int, size: int) -> Iterator[slice]:
    """``0..total`` as consecutive slices of ``size``, the last one shorter."""
    if size < 1:
        raise ValueError(f"size: {size}, but at least 1 is needed")
    for start in range(0, total, size):
        yield slice(start, min(start + size, total))
