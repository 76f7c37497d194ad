"""ReGaDa's training objective, part by part."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def triplet(video: Tensor, right: Tensor, wrong: Tensor, margin: float) -> Tensor:
    """``mean(max(0, margin + |v - e+| - |v - e-|))`` of [B, D] each, with Euclidean distances."""
    near = functional.pairwise_distance(video, right)
    far = functional.pairwise_distance(video, wrong)
    return functional.relu(margin + near - far).mean()


def regression(video: Tensor, right: Tensor) -> Tensor:
    """``mean(|v - e(a, m)|^2)``: the squared distance, summed over D."""
    return (video - right).square().sum(dim=-1).mean()


def contrast(cosines: Tensor, right: Tensor, allowed: Tensor, temperature: float) -> Tensor:
    """Cross-entropy of ``right`` int [B] among those of ``cosines`` [B, M] that are ``allowed`` bool [B, M]
    or right."""
    kept = allowed | functional.one_hot(right, cosines.shape[1]).bool()
    return functional.cross_entropy((cosines / temperature).masked_fill(~kept, float("-inf")), right)


def other_actions(actions: Tensor, count: int) -> Tensor:
    """int [B]: for each of ``actions`` [B] another of ``count`` at random, evenly."""
    steps = torch.randint(1, count, actions.shape, device=actions.device)
    return (actions + steps) % count
