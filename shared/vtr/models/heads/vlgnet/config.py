"""What determines the shape and the loss of the moment head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vtr.models.heads.base import HeadConfig, HeadError

Reduce = Literal["max", "logsumexp"]


@dataclass(frozen=True)
class VlgNetConfig(HeadConfig):
    """``frame_dim``, ``word_dim``: of the base tower's features; ``dim``: of the nodes; ``map_dim``: of the
    map.

    ``map_layers`` convolutions of ``kernel`` (odd) score the map. ``iou_low``, ``iou_high``: between them the
    IoU with the true moment becomes a target in 0..1. ``boundary``: a candidate also sees its first and last
    snippet; ``fuse_query``: and is multiplied by the sentence, as in 2D-TAN (Zhang et al., AAAI 2020). Both
    are additions to the paper that can be turned off. ``negative_weight``: of the loss on sentences of other
    videos, which makes the best moment's score comparable between videos; ``video_weight``: of the loss on
    that score alone, of true and of false sentences.
    """

    frame_dim: int
    word_dim: int
    dim: int = 256
    map_dim: int = 64
    video_layers: int = 2
    language_layers: int = 2
    matching_layers: int = 1
    map_layers: int = 3
    kernel: int = 3
    semantic_neighbours: int = 4
    dropout: float = 0.1
    iou_low: float = 0.5
    iou_high: float = 1.0
    boundary: bool = True
    fuse_query: bool = True
    negative_weight: float = 0.5
    video_weight: float = 0.0
    reduce: Reduce = "max"

    def __post_init__(self) -> None:
        for name in ("frame_dim", "word_dim", "dim", "map_dim", "matching_layers", "semantic_neighbours"):
            if getattr(self, name) < 1:
                raise HeadError(f"{name}: {getattr(self, name)} is less than 1")
        if self.dim % 2:
            raise HeadError(f"dim: {self.dim} is not even")
        if self.kernel % 2 == 0:
            raise HeadError(f"kernel: {self.kernel} is not odd")
        if not 0 <= self.iou_low < self.iou_high <= 1:
            raise HeadError(f"iou_low, iou_high: {self.iou_low}, {self.iou_high} is not 0 <= low < high <= 1")

    @property
    def reach(self) -> int:
        """How many columns to its left a cell's score depends on: the head's receptive field."""
        return self.map_layers * (self.kernel // 2)
