"""What each candidate should score: its overlap with the true moment."""

from __future__ import annotations

from torch import Tensor

from vtr.models.heads.base import HeadError


def temporal_iou(a: Tensor, b: Tensor) -> Tensor:
    """IoU of the spans ``a`` [..., 2] and ``b`` [..., 2] (start, end), by broadcasting; 0 for two empty
    ones."""
    shared = (a[..., 1].minimum(b[..., 1]) - a[..., 0].maximum(b[..., 0])).clamp(min=0)
    total = (a[..., 1] - a[..., 0]) + (b[..., 1] - b[..., 0]) - shared
    return shared / total.clamp(min=1e-9)


def cell_spans(edges_s: Tensor) -> Tensor:
    """[B, N, N, 2] seconds: candidate [i, j] of the boundaries ``edges_s`` [B, N + 1]."""
    batch, count = edges_s.shape
    spans = edges_s.new_empty(batch, count - 1, count - 1, 2)
    spans[..., 0] = edges_s[:, :-1, None]
    spans[..., 1] = edges_s[:, None, 1:]
    return spans


def iou_map(edges_s: Tensor, moments_s: Tensor, moment_mask: Tensor) -> Tensor:
    """[B, N, N]: each candidate's greatest IoU with a true moment; 0 where there is none.

    ``edges_s`` [B, N + 1], ``moments_s`` [B, G, 2], ``moment_mask`` [B, G]. Only cells with i <= j mean
    anything. Raises :class:`HeadError` for a moment that ends before it starts.
    """
    if bool(((moments_s[..., 1] < moments_s[..., 0]) & moment_mask).any()):
        raise HeadError("moments_s: a moment ends before it starts")
    overlaps = temporal_iou(cell_spans(edges_s).unsqueeze(3), moments_s[:, None, None])
    return overlaps.masked_fill(~moment_mask[:, None, None], 0.0).amax(dim=3)


def scaled_targets(iou: Tensor, low: float, high: float) -> Tensor:
    """``clamp((IoU - low) / (high - low), 0, 1)`` (2D-TAN, Zhang et al. 2020; VLG-Net)."""
    return ((iou - low) / (high - low)).clamp(0, 1)
