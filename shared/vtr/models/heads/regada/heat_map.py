"""The heat of regions as a picture to lay over the frames."""

from __future__ import annotations

import torch
from torch import Tensor

from vtr.models.heads.base import HeadError
from vtr.models.heads.regada.boxes import cell_shares

_SEEN_OFFSET = -0.25
_SEEN_WIDTH = 0.6


def heat_map(heat: Tensor, boxes: Tensor, mask: Tensor, rows: int, columns: int) -> Tensor:
    """[B, T, rows, columns], of sum 1 over a clip: each region's heat spread evenly over its box.

    ``heat`` [B, T, R], ``boxes`` [B, T, R, 4], ``mask`` [B, T, R]; regions that are not real, and parts of
    boxes outside the frame, give nothing. Raises :class:`HeadError` for a clip without any heat.
    """
    kept = heat.masked_fill(~mask, 0.0).unsqueeze(-1) * cell_shares(boxes, rows, columns).nan_to_num(0.0)
    spread = kept.masked_fill(~mask.unsqueeze(-1), 0.0).sum(dim=2)
    total = spread.sum(dim=(1, 2), keepdim=True)
    if bool((total <= 0).any()):
        raise HeadError("heat: a clip has no heat inside its frames")
    found: Tensor = spread / total
    return found.view(*found.shape[:2], rows, columns)


def smooth_map(heat: Tensor, side: int, rows: int, columns: int) -> Tensor:
    """[..., rows, columns], of the same sum a frame: ``heat`` [..., side * side] of the frame tower's cells,
    each spread as a bell about the middle of what it sees.

    The tower's last convolution takes every second place of a map twice as fine, with one place of padding:
    what a cell sees is centred a quarter cell above and left of the cell itself. A thing that lies across
    cells warms all of them, and the peak of the sum lies between their middles, more finely than the grid.
    """
    if heat.shape[-1] != side * side:
        raise HeadError(f"heat: {heat.shape[-1]} cells, but {side} x {side} is needed")
    cells = heat.reshape(*heat.shape[:-1], side, side)
    down, across = _bells(side, rows, heat.device), _bells(side, columns, heat.device)
    found = torch.einsum("...rc,ry,cx->...yx", cells, down, across)
    total = found.sum(dim=(-2, -1), keepdim=True).clamp(min=torch.finfo(found.dtype).tiny)
    return found / total * heat.sum(dim=-1)[..., None, None]


def _bells(side: int, places: int, device: torch.device) -> Tensor:
    """[side, places]: how each cell of an axis warms ``places``. All are of one height, also those that the
    frame's edge cuts off, so that even heat has no peak at the edge."""
    middles = torch.arange(side, device=device) + 0.5 + _SEEN_OFFSET
    at = (torch.arange(places, device=device) + 0.5) * side / places
    return torch.exp(-0.5 * ((at - middles.unsqueeze(1)) / _SEEN_WIDTH).square())


def frame_peaks(heat: Tensor, *, reach: int = 0) -> Tensor:
    """[..., 2]: x and y, as shares of the frame, of the hottest cell of ``heat`` [..., H, W].

    The cell's middle, or with ``reach`` the centre of the heat within that many cells around it: a thing that
    lies across cells warms all of them, so the centre finds it more finely than the grid.
    """
    rows, columns = heat.shape[-2:]
    best = heat.flatten(-2).argmax(dim=-1)
    x, y = best % columns, torch.div(best, columns, rounding_mode="floor")
    place = torch.arange(max(rows, columns), device=heat.device)
    near_x = (place[:columns] - x.unsqueeze(-1)).abs() <= reach
    near_y = (place[:rows] - y.unsqueeze(-1)).abs() <= reach
    near = heat.clamp(min=0) * (near_y.unsqueeze(-1) & near_x.unsqueeze(-2))
    total = near.sum(dim=(-2, -1)).clamp(min=torch.finfo(heat.dtype).tiny)
    centre_x = (near.sum(dim=-2) * (place[:columns] + 0.5)).sum(dim=-1) / total / columns
    centre_y = (near.sum(dim=-1) * (place[:rows] + 0.5)).sum(dim=-1) / total / rows
    return torch.stack([centre_x, centre_y], dim=-1)


def points_inside(points: Tensor, boxes: Tensor) -> Tensor:
    """bool [...]: whether ``points`` [..., 2] lie in ``boxes`` [..., 4]: the pointing game (Zhang et al.,
    ECCV 2016). False for an empty box."""
    inside = (points >= boxes[..., :2]) & (points < boxes[..., 2:])
    return inside.all(dim=-1)
