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


def video_bce(
    logits: Tensor, overlaps: Tensor, valid: Tensor, false_logits: Tensor, false_valid: Tensor
) -> Tensor:
    """Cross-entropy of a video's score with whether it has what the sentence says.

    The candidate of the greatest of ``overlaps`` should say yes for a true sentence, even the best one no for
    a false one. All [B, N, N]; a row of ``false_valid`` without any candidate counts nothing.
    The mean over cells of :func:`map_bce` hardly moves the one best cell, by which videos are compared.
    """
    at = overlaps.masked_fill(~valid, -1.0).flatten(1).argmax(dim=1, keepdim=True)
    yes = functional.softplus(-logits.flatten(1).gather(1, at)).mean()
    best = false_logits.masked_fill(~false_valid, float("-inf")).flatten(1).amax(dim=1)
    return yes + functional.softplus(best).mean()
