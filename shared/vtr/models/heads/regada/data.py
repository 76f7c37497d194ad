"""Training batches for both heads of ReGaDa at once."""

from __future__ import annotations

from dataclasses import dataclass

from vtr.models.heads.regada.adverb_data import AdverbBatches, AdverbData
from vtr.models.heads.regada.model import RegadaBatch
from vtr.models.heads.regada.region_data import RegionBatches, RegionData


@dataclass(frozen=True)
class Sizes:
    """``regions``: videos in a batch of the region head; ``full``: the share of them with a caption of the
    whole video, ``names``: with a thing's name alone. ``adverbs``: events in a batch of the adverb head;
    ``whole``: the share shown untrimmed."""

    regions: int = 32
    full: float = 0.1
    names: float = 0.3
    adverbs: int = 96
    whole: float = 0.3


class RegadaBatches:
    """A batch of each head a step, a function of (``seed``, step) alone; either may be left out."""

    def __init__(
        self,
        regions: RegionData | None,
        adverbs: AdverbData | None,
        *,
        seed: int,
        sizes: Sizes,
    ) -> None:
        self._regions = (
            None
            if regions is None
            else RegionBatches(regions, seed=seed, size=sizes.regions, full=sizes.full, names=sizes.names)
        )
        self._adverbs = (
            None
            if adverbs is None
            else AdverbBatches(adverbs, seed=seed, size=sizes.adverbs, whole=sizes.whole)
        )

    def __call__(self, step: int) -> list[RegadaBatch]:
        """The batch of ``step`` (from 0), in one chunk."""
        return [
            RegadaBatch(
                None if self._regions is None else self._regions(step),
                None if self._adverbs is None else self._adverbs(step),
            )
        ]
