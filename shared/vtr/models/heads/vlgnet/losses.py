"""The moment loss."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def map_bce(logits: Tensor, targets: Tensor, valid: Tensor) -> Tensor:
    """Binary cross-entropy of ``logits`` with ``targets``, all [B, N, N]: the mean over the valid cells of
    each video, then over videos, so that a long video weighs no more than a short one (as VLG-Net)."""
    # Logits of other cells are the least float; 0 keeps their gradient finite before they are left out.
    safe = logits.masked_fill(~valid, 0.0)
    losses = functional.binary_cross_entropy_with_logits(safe, targets, reduction="none")
    losses = losses.masked_fill(~valid, 0.0).sum(dim=(1, 2)) / valid.sum(dim=(1, 2)).clamp(min=1)
    return losses.mean() if losses.numel() else torch.zeros((), device=logits.device)
