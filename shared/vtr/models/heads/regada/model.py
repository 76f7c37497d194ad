"""Both heads as one, for training and serving under one name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn

from vtr.models.heads.base import TOTAL, HeadError, TensorBatch
from vtr.models.heads.regada.adverb_head import AdverbBatch, AdverbHead
from vtr.models.heads.regada.config import RegadaConfig
from vtr.models.heads.regada.region_head import RegionBatch, RegionHead, RegionMatch


@dataclass(frozen=True)
class RegadaBatch(TensorBatch):
    """A batch for either head or for both; they need not be of the same videos."""

    regions: RegionBatch | None = None
    adverbs: AdverbBatch | None = None

    def to(self, device: torch.device | str) -> Self:
        return type(self)(
            None if self.regions is None else self.regions.to(device),
            None if self.adverbs is None else self.adverbs.to(device),
        )


@dataclass(frozen=True)
class RegadaOutput:
    """``regions``: fit and heat; ``adverbs`` [B, M]: cosines of the action in each adverb. None if not
    asked."""

    regions: RegionMatch | None
    adverbs: Tensor | None


class Regada(nn.Module):
    """The region head and the adverb head, trained side by side."""

    name = "regada"

    def __init__(self, config: RegadaConfig) -> None:
        super().__init__()
        self.config = config
        self.regions = None if config.regions is None else RegionHead(config.regions)
        self.adverbs = None if config.adverbs is None else AdverbHead(config.adverbs)

    def forward(self, batch: RegadaBatch) -> RegadaOutput:
        regions = None if batch.regions is None else self._regions()(batch.regions)
        adverbs = None if batch.adverbs is None else self._adverbs()(batch.adverbs)
        return RegadaOutput(regions, adverbs)

    def loss(self, batch: RegadaBatch) -> dict[str, Tensor]:
        """The sum of both heads' losses, and their parts as ``regions_...`` and ``adverbs_...``."""
        found: dict[str, dict[str, Tensor]] = {}
        if batch.regions is not None:
            found["regions"] = self._regions().loss(batch.regions)
        if batch.adverbs is not None:
            found["adverbs"] = self._adverbs().loss(batch.adverbs)
        if not found:
            raise HeadError("batch: regions and adverbs are both missing")
        parts = {
            f"{head}_{name}": value.detach()
            for head, losses in found.items()
            for name, value in losses.items()
        }
        return {TOTAL: torch.stack([losses[TOTAL] for losses in found.values()]).sum(), **parts}

    def after_step(self) -> None:
        """Nothing moves without a gradient here."""

    def _regions(self) -> RegionHead:
        if self.regions is None:
            raise HeadError("regions: this checkpoint has no region head")
        return self.regions

    def _adverbs(self) -> AdverbHead:
        if self.adverbs is None:
            raise HeadError("adverbs: this checkpoint has no adverb head")
        return self.adverbs
