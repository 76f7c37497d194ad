"""A slow copy of an encoder, whose embeddings change little from step to step (MoCo, He et al. 2020)."""

from __future__ import annotations

import copy

import torch
from torch import nn


def momentum_copy(module: nn.Module) -> nn.Module:
    """An equal module that no gradient reaches, in evaluation mode: its keys carry no dropout."""
    twin = copy.deepcopy(module)
    twin.requires_grad_(False)
    return twin.eval()


@torch.no_grad()
def follow(slow: nn.Module, fast: nn.Module, momentum: float) -> None:
    """``k <- m k + (1 - m) q`` for every parameter (equation 2 of the paper); buffers are copied."""
    for k, q in zip(slow.parameters(), fast.parameters(), strict=True):
        k.lerp_(q, 1 - momentum)
    for kept, given in zip(slow.buffers(), fast.buffers(), strict=True):
        kept.copy_(given)
