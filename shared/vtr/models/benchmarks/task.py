"""What every measurement of an encoder on a data set is told, and how its rows are named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vtr.evaluation.metrics.rows import ResultRow, rows_of
from vtr.models.benchmarks.gallery import Progress, SampleFrames
from vtr.models.encoders.base import Encoder

CHANCE = "chance"


@dataclass(frozen=True)
class Asked:
    """``encoder`` on ``split``, each video seen by ``frames`` frames."""

    encoder: Encoder
    sample: SampleFrames
    split: str
    frames: int
    skip_missing: bool = False
    progress: Progress = lambda _share, _text: None

    def rows(
        self,
        metrics: Mapping[str, float],
        *,
        task: str,
        data: str,
        method: str | None = None,
        gallery: int,
        queries: int,
        baseline: bool = False,
    ) -> list[ResultRow]:
        """Rows of the encoder itself (``method`` of None) or of a baseline. Nothing is transductive: every
        query is scored alone. Nothing is drawn, so that the seed is 0."""
        return rows_of(
            metrics,
            task=task,
            data=data,
            split=self.split,
            method=method or self.encoder.model_version,
            seed=0,
            gallery=gallery,
            queries=queries,
            transductive=False,
            baseline=baseline,
        )


def guessing(gallery: int) -> dict[str, float]:
    """R@K and ranks of a random order, on average, with one right item in ``gallery``."""
    recalls = {f"R@{k}": 100.0 * min(k, gallery) / gallery for k in (1, 5, 10)}
    return {**recalls, "MedR": (gallery + 1) / 2, "MeanR": (gallery + 1) / 2}
