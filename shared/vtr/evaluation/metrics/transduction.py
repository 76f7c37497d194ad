"""Does a query's ranking depend on the other queries? A search answers one at a time and cannot know."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from vtr.evaluation.metrics.checks import Floats, Ints, score_matrix


class TransductionError(AssertionError):
    """A scorer that says it is not transductive is; the message names a query whose ranking changed."""


def changed_query(
    score: Callable[[Floats, Floats], Floats],
    queries: ArrayLike,
    gallery: ArrayLike,
    *,
    trials: int = 6,
    seed: int = 0,
    tolerance: float = 1e-9,
) -> int | None:
    """A query whose ranking of ``gallery`` [N, D] changes with the company it is asked in, or None.

    The queries [Q, D] are asked all together, then permuted, then with random others removed, down to one
    alone. Scores may change, the ranking may not; items whose scores differ by less than ``tolerance`` of the
    query's range count as tied (rounding differs with the number of rows).
    """
    asked = score_matrix(queries, "queries")
    items = score_matrix(gallery, "gallery")
    together = score_matrix(score(asked, items))
    rng = np.random.default_rng(seed)
    sizes = np.geomspace(max(1, len(asked) // 2), 1, num=trials).round().astype(int)
    companies: list[Ints] = [rng.permutation(len(asked))]
    companies += [rng.choice(len(asked), size=size, replace=False) for size in sizes]
    for company in companies:
        apart = score_matrix(score(asked[company], items))
        for row, query in enumerate(company):
            if _differs(together[query], apart[row], tolerance) or _differs(
                apart[row], together[query], tolerance
            ):
                return int(query)
    return None


def assert_not_transductive(
    score: Callable[[Floats, Floats], Floats], queries: ArrayLike, gallery: ArrayLike, *, seed: int = 0
) -> None:
    """Raises :class:`TransductionError` if :func:`changed_query` finds one."""
    query = changed_query(score, queries, gallery, seed=seed)
    if query is not None:
        raise TransductionError(f"query {query} is ranked differently when other queries are left out")


def _differs(one: Floats, other: Floats, tolerance: float) -> bool:
    """Whether the order by ``one`` is not an order by ``other``, up to ties."""
    allowed = tolerance * max(1e-300, float(np.ptp(other)))
    order = np.lexsort((-other, -one))
    return bool((np.diff(other[order]) > allowed).any())
