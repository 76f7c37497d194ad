"""Consecutive frames taken together: half or a third of the cost, and no frame is left out."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from vtr.models.heads.masks import masked_mean


def merge_spans(frames: Tensor, mask: Tensor, span: int) -> tuple[Tensor, Tensor]:
    """Means of every ``span`` frames of ``frames`` [B, T, W] that are real by ``mask`` bool [B, T].

    Returns [B, ceil(T / span), W] and which of them hold a real frame. The mean of all is kept where the
    number of frames is a multiple of ``span``.
    """
    if span == 1:
        return frames, mask
    size, count, width = frames.shape
    more = -count % span
    padded = functional.pad(frames, (0, 0, 0, more))
    real = functional.pad(mask, (0, more))
    flat = masked_mean(padded.reshape(-1, span, width), real.reshape(-1, span))
    return flat.reshape(size, -1, width), real.reshape(size, -1, span).any(dim=2)


def places(mask: Tensor) -> Tensor:
    """Where in its video each entry of ``mask`` bool [B, T] lies, in (0, 1): frames are evenly spaced."""
    counts = mask.sum(dim=1, keepdim=True).clamp(min=1)
    at = (torch.arange(mask.shape[1], device=mask.device) + 0.5) / counts
    return at.clamp(max=1)
