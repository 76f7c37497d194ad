"""The graph over all regions of a clip's frames."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import torch
from torch import Tensor

from vtr.models.heads.masks import unit
from vtr.models.heads.regada.boxes import box_iou, touching
from vtr.models.heads.regada.regions import Regions


class Edge(IntEnum):
    """Why a region hears from another; where two reasons hold, the first counts."""

    NONE = 0
    ITSELF = 1
    BESIDE = 2
    """It touches it in the same frame."""
    SAME_PLACE = 3
    """It lies where it lies, one frame earlier or later."""
    ALIKE = 4
    """It looks like it: nearest by cosine, anywhere in the clip."""


@dataclass(frozen=True)
class RegionNeighbours:
    """``index`` int [B, M, K] into the M = T R nodes; ``kind`` int [B, M, K], :class:`Edge`, NONE for no
    edge."""

    index: Tensor
    kind: Tensor


def edge_kinds(regions: Regions, appearance: int, same_place_iou: float) -> Tensor:
    """uint8 [B, M, M], M = T R in the order of frames: the :class:`Edge` from column to row."""
    frames, count = regions.mask.shape[1:]
    mask, boxes = regions.mask.flatten(1), regions.boxes.flatten(1, 2)
    real = mask.unsqueeze(1) & mask.unsqueeze(2)
    frame = torch.arange(frames, device=mask.device).repeat_interleave(count)
    apart = (frame[:, None] - frame).abs()
    mine, others = boxes.unsqueeze(2), boxes.unsqueeze(1)
    kinds = torch.zeros(real.shape, dtype=torch.uint8, device=mask.device)
    kinds[(apart == 1) & (box_iou(mine, others) >= same_place_iou) & real] = Edge.SAME_PLACE
    kinds[(apart == 0) & touching(mine, others) & real] = Edge.BESIDE
    itself = torch.eye(frames * count, dtype=torch.bool, device=mask.device)
    kinds[itself & real] = Edge.ITSELF
    with torch.no_grad():
        # Padding may hold NaN, which would be the greatest cosine of all.
        looks = unit(regions.features.flatten(1, 2).masked_fill(~mask.unsqueeze(-1), 0.0))
        similar = (looks @ looks.transpose(1, 2)).masked_fill(~real | (kinds > 0), float("-inf"))
        best = similar.topk(min(appearance, frames * count), dim=-1)
    chosen = torch.zeros_like(real).scatter(2, best.indices, torch.isfinite(best.values))
    kinds[chosen] = Edge.ALIKE
    return kinds


def region_neighbours(regions: Regions, appearance: int, same_place_iou: float) -> RegionNeighbours:
    """:func:`edge_kinds` as lists, as long as the busiest node needs: cost grows with edges, not with M^2."""
    kinds = edge_kinds(regions, appearance, same_place_iou)
    longest = max(1, int((kinds > 0).sum(dim=-1).max()))
    index = (kinds > 0).to(torch.uint8).topk(longest, dim=-1).indices
    return RegionNeighbours(index, kinds.gather(2, index).long())
