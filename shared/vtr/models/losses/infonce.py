"""Symmetric InfoNCE (van den Oord et al. 2018; both directions as in CLIP, Radford et al. 2021)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional


class Temperature(nn.Module):
    """A learned temperature tau = exp(log_tau), never below ``least``: smaller ones make training diverge."""

    def __init__(self, start: float = 0.07, least: float = 0.01) -> None:
        super().__init__()
        if not 0 < least <= start:
            raise ValueError(f"temperature: {start} is below its least value {least}")
        self.least = least
        self.log_tau = nn.Parameter(torch.tensor(math.log(start)))

    def forward(self) -> Tensor:
        """tau, a scalar."""
        return self.log_tau.exp().clamp(min=self.least)

    @torch.no_grad()
    def clamp_(self) -> None:
        """After a step: brings the parameter itself back, so that its gradient does not vanish for good."""
        self.log_tau.clamp_(min=math.log(self.least) + 1e-6)  # above it: a clamped value has no gradient


def info_nce(
    similarities: Tensor,
    tau: Tensor | float,
    *,
    extra: Tensor | None = None,
    extra_mask: Tensor | None = None,
) -> Tensor:
    """``(CE(S/tau, diag) + CE(S^T/tau, diag)) / 2`` over ``similarities`` [B, B]; row i and column i match.

    ``extra`` [B, K]: similarities of row i with K more negatives of its own (its caption with one factor
    swapped, say), where ``extra_mask`` [B, K] is True; they join the denominator of the rows alone.
    """
    batch = similarities.shape[0]
    if similarities.shape != (batch, batch):
        raise ValueError(f"similarities: shape {list(similarities.shape)} is not square")
    logits = similarities / tau
    rows = logits
    if extra is not None:
        own = extra / tau
        if extra_mask is not None:
            own = own.masked_fill(~extra_mask, float("-inf"))
        rows = torch.cat([logits, own], dim=1)
    target = torch.arange(batch, device=similarities.device)
    return (functional.cross_entropy(rows, target) + functional.cross_entropy(logits.T, target)) / 2
