"""Dual softmax (Cheng et al. 2021, CAMoE, arXiv 2109.04290): a pair counts if each is the other's best.

In training it is a loss over a batch. At inference it looks at every query of a test set at once, which an
online system cannot: that form says so in its name and is never a headline number.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def dual_softmax(similarities: Tensor, *, temp: float, query_dim: int) -> Tensor:
    """``S' = S * softmax(temp * S)``, the softmax over the queries, which lie along ``query_dim``: S's shape.

    It revises what a candidate scores for one query by how it scores for the others.
    """
    return similarities * functional.softmax(temp * similarities, dim=query_dim)


def dual_softmax_loss(
    similarities: Tensor,
    *,
    temp: float = 10.0,
    scale: float | Tensor = 1 / 0.07,
    ignore: Tensor | None = None,
) -> Tensor:
    """Cross-entropy on S' along the axis that the softmax did not take, both directions, averaged: a scalar.

    ``similarities`` [B, B] are cosines whose pairs lie on the diagonal. S' is multiplied by B, as in the
    authors' release, so that a flat prior (``temp`` 0) leaves InfoNCE with temperature 1 / ``scale``.
    ``ignore``: bool [B, B], True where two are no pair, yet no negatives either.

    Raises ValueError for a matrix that is not square.
    """
    size = similarities.shape[0]
    if similarities.ndim != 2 or similarities.shape[1] != size:
        raise ValueError(f"similarities: shape {list(similarities.shape)} is not square")
    forth = _one_way(similarities, temp, scale, ignore)
    back = _one_way(similarities.T, temp, scale, None if ignore is None else ignore.T)
    return (forth + back) / 2


def transductive_dual_softmax(similarities: Tensor, *, temp: float = 100.0) -> Tensor:
    """TRANSDUCTIVE: scores [Q, N] of a whole test set of queries (rows), revised by dual softmax: [Q, N].

    A query's ranking depends on the other queries of the set, so the numbers are not those of a system that
    answers one query at a time; report them apart, marked ``transductive: true``.
    """
    return dual_softmax(similarities, temp=temp, query_dim=0)


def _one_way(similarities: Tensor, temp: float, scale: float | Tensor, ignore: Tensor | None) -> Tensor:
    """Rows are queries: the prior is over the rows, the cross-entropy along the columns."""
    size = similarities.shape[0]
    logits = scale * size * dual_softmax(similarities, temp=temp, query_dim=0)
    if ignore is not None:
        off_diagonal = ~torch.eye(size, dtype=torch.bool, device=similarities.device)
        logits = logits.masked_fill(ignore & off_diagonal, float("-inf"))
    return functional.cross_entropy(logits, torch.arange(size, device=similarities.device))
