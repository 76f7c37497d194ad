"""Losses on the change alone: what tells a target from its siblings is small beside what they share.

An example and its target differ in one thing of many, so a loss over whole vectors is soon satisfied by
whatever lies near the example. Here the example's own part is taken out of the comparison.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def change_similarities(queries: Tensor, examples: Tensor, targets: Tensor) -> Tensor:
    """[B, B]: cosine of query i with example i changed as row j's example was into its target.

    ``norm(v_i + (u_j - v_j))`` with examples v and targets u, all [B, D] of L2 norm 1: on the diagonal the
    target itself, elsewhere the same example with another edit, as its siblings in a gallery are.
    """
    changes = targets - examples
    along = (queries * examples).sum(dim=1, keepdim=True) + queries @ changes.T
    squares = 1 + 2 * examples @ changes.T + changes.square().sum(dim=1)
    return along / squares.clamp(min=1e-6).sqrt()


def change_loss(queries: Tensor, examples: Tensor, targets: Tensor, tau: float) -> Tensor:
    """InfoNCE over :func:`change_similarities`: a scalar."""
    similarities = change_similarities(queries, examples, targets)
    wanted = torch.arange(len(queries), device=queries.device)
    return functional.cross_entropy(similarities / tau, wanted)


def frame_loss(edited: Tensor, before: Tensor, after: Tensor, mask: Tensor) -> Tensor:
    """Squared distance of ``edited`` to ``after``, as a share of that of ``before``: all [B, S, W].

    1 for frames left as they were. ``mask`` bool [B, S]: where both videos have frames.
    """
    kept = mask.unsqueeze(-1)
    missed = ((edited - after).square() * kept).sum()
    whole = ((before - after).square() * kept).sum()
    return missed / whole.clamp(min=1e-6)
