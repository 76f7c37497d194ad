"""The regions of a clip: cells of the image tower's feature map, or a detector's boxes pooled from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vtr.models.heads.base import HeadError, TensorBatch
from vtr.models.heads.regada.boxes import cell_shares, grid_boxes


@dataclass(frozen=True)
class Regions(TensorBatch):
    """``features`` [B, T, R, Df], ``boxes`` [B, T, R, 4] as shares of the frame, ``mask`` bool [B, T, R]."""

    features: Tensor
    boxes: Tensor
    mask: Tensor


class RegionDetector(Protocol):
    """Anything that finds things in a frame: OWLv2, GroundingDINO."""

    def detect(
        self, frames: Sequence[NDArray[np.uint8]], phrases: Sequence[str]
    ) -> list[NDArray[np.float32]]:
        """For each frame, uint8 [H, W, 3] RGB, boxes float32 [n, 4] as shares of the frame, best first.

        ``phrases``: what to look for; a detector without text ignores them.
        """


def grid_regions(feature_map: Tensor, frame_mask: Tensor) -> Regions:
    """Every cell of ``feature_map`` [B, T, C, h, w] is a region; those of padded frames (``frame_mask`` [B,
    T]) are not real."""
    if feature_map.ndim != 5 or frame_mask.shape != feature_map.shape[:2]:
        raise HeadError(
            f"feature_map, frame_mask: {list(feature_map.shape)}, {list(frame_mask.shape)}, but"
            " [B, T, C, h, w] and [B, T] are needed"
        )
    batch, frames, _, rows, columns = feature_map.shape
    boxes = grid_boxes(rows, columns, device=feature_map.device)
    return Regions(
        features=feature_map.flatten(3).transpose(2, 3),
        boxes=boxes.expand(batch, frames, rows * columns, 4),
        mask=frame_mask.unsqueeze(-1).expand(batch, frames, rows * columns),
    )


def box_regions(feature_map: Tensor, boxes: Tensor, mask: Tensor) -> Regions:
    """The mean of ``feature_map`` [B, T, C, h, w] inside each of ``boxes`` [B, T, R, 4], cells weighted by
    the area they share; boxes that miss the frame are not real, nor those outside ``mask`` [B, T, R]."""
    shares = cell_shares(boxes, *feature_map.shape[-2:])
    pooled = shares @ feature_map.flatten(3).transpose(2, 3)
    return Regions(pooled, boxes, mask & (shares.sum(dim=-1) > 0))


def pack_boxes(found: Sequence[NDArray[np.float32]], limit: int) -> tuple[Tensor, Tensor]:
    """A detector's answer for the T frames of a clip as boxes [T, R, 4] and mask [T, R], R = ``limit``.

    A frame where nothing was found has the whole frame as its region, so that it is not lost.
    """
    boxes = torch.zeros(len(found), limit, 4)
    mask = torch.zeros(len(found), limit, dtype=torch.bool)
    for frame, given in enumerate(found):
        if given.ndim != 2 or given.shape[1] != 4:
            raise HeadError(f"boxes of frame {frame}: shape {list(given.shape)}, but [n, 4] is needed")
        count = min(len(given), limit)
        whole = torch.tensor([[0.0, 0.0, 1.0, 1.0]])
        boxes[frame, : max(count, 1)] = torch.from_numpy(given[:count]) if count else whole
        mask[frame, : max(count, 1)] = True
    return boxes, mask
