"""The pointing game (Zhang et al. 2016): does the peak of a heat map lie inside the object it explains?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from vtr.evaluation.metrics.checks import Bools, score_matrix


def points_inside(heat: ArrayLike, boxes: ArrayLike, width: int, height: int, margin: float = 0.0) -> Bools:
    """Whether the peak of each heat map lies in its object's box: bool [M].

    ``heat`` [M, H, W] over the whole frame of ``width`` x ``height`` pixels; ``boxes`` [M, 4] as x0, y0, x1,
    y1 in pixels, x1 and y1 exclusive. The peak is the centre of the hottest cell; ``margin`` pixels around
    the box count as inside. A map whose peak is shared by several cells has pointed at all of them and hits
    only if every one is inside. Boxes that are empty (nothing seen) raise ValueError: leave those frames out.
    """
    maps = np.asarray(heat, dtype=np.float64)
    if maps.ndim != 3:
        raise ValueError(f"heat: expected [maps, rows, columns], not {maps.shape}")
    flat = score_matrix(maps.reshape(len(maps), -1), "heat")
    corners = np.asarray(boxes, dtype=np.float64)
    if corners.shape != (len(maps), 4):
        raise ValueError(f"boxes: expected [{len(maps)}, 4], not {corners.shape}")
    if (corners[:, 2] <= corners[:, 0]).any() or (corners[:, 3] <= corners[:, 1]).any():
        raise ValueError("boxes: an empty box; leave out frames where the object is not seen")
    rows, columns = maps.shape[1:]
    x = np.tile((np.arange(columns) + 0.5) * width / columns, rows)
    y = np.repeat((np.arange(rows) + 0.5) * height / rows, columns)
    inside = (
        (x >= corners[:, :1] - margin)
        & (x < corners[:, 2:3] + margin)
        & (y >= corners[:, 1:2] - margin)
        & (y < corners[:, 3:] + margin)
    )
    peak = flat == flat.max(axis=1, keepdims=True)
    return np.asarray((inside | ~peak).all(axis=1), dtype=np.bool_)


def pointing_accuracy(
    heat: ArrayLike, boxes: ArrayLike, width: int, height: int, margin: float = 0.0
) -> float:
    """The share of :func:`points_inside` in percent."""
    return float(100.0 * points_inside(heat, boxes, width, height, margin).mean())


def pointing_chance(boxes: ArrayLike, width: int, height: int) -> float:
    """What a random peak would reach, in percent: the mean share of the frame that the boxes cover."""
    corners = np.asarray(boxes, dtype=np.float64)
    areas = (corners[:, 2] - corners[:, 0]) * (corners[:, 3] - corners[:, 1])
    return float(100.0 * np.mean(areas / (width * height)))
