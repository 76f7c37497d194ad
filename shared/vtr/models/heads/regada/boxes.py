"""Boxes as shares of the frame: x0, y0, x1, y1 in 0..1."""

from __future__ import annotations

import torch
from torch import Tensor


def grid_boxes(rows: int, columns: int, *, device: torch.device | None = None) -> Tensor:
    """[rows * columns, 4]: the cells of a grid, row by row."""
    y = torch.arange(rows, device=device).repeat_interleave(columns) / rows
    x = torch.arange(columns, device=device).repeat(rows) / columns
    return torch.stack([x, y, x + 1 / columns, y + 1 / rows], dim=-1)


def areas(boxes: Tensor) -> Tensor:
    """[...] of ``boxes`` [..., 4]; 0 for those turned inside out."""
    return (boxes[..., 2] - boxes[..., 0]).clamp(min=0) * (boxes[..., 3] - boxes[..., 1]).clamp(min=0)


def overlaps(a: Tensor, b: Tensor) -> Tensor:
    """The shared area of ``a`` [..., 4] and ``b`` [..., 4], by broadcasting."""
    low = a[..., :2].maximum(b[..., :2])
    high = a[..., 2:].minimum(b[..., 2:])
    return (high - low).clamp(min=0).prod(dim=-1)


def box_iou(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union, by broadcasting; 0 where both are empty."""
    shared = overlaps(a, b)
    return shared / (areas(a) + areas(b) - shared).clamp(min=1e-9)


def touching(a: Tensor, b: Tensor, gap: float = 1e-4) -> Tensor:
    """bool: whether the boxes overlap or lie at most ``gap`` apart, corners too."""
    low = a[..., :2].maximum(b[..., :2])
    high = a[..., 2:].minimum(b[..., 2:])
    return (high - low >= -gap).all(dim=-1)


def cell_shares(boxes: Tensor, rows: int, columns: int) -> Tensor:
    """[..., rows * columns]: how each box's area is spread over a grid's cells; sums to 1, or 0 for an empty
    box or one outside the frame."""
    shared = overlaps(boxes.unsqueeze(-2), grid_boxes(rows, columns, device=boxes.device))
    return shared / shared.sum(dim=-1, keepdim=True).clamp(min=1e-12)
