"""Every task that a data set serves."""

from __future__ import annotations

from vtr.evaluation.datasets.base import (
    AdverbDataset,
    ComposedDataset,
    Dataset,
    MomentDataset,
    RetrievalDataset,
)
from vtr.evaluation.metrics.rows import ResultRow
from vtr.models.benchmarks.adverbs import measure_adverbs
from vtr.models.benchmarks.composed import measure_composed
from vtr.models.benchmarks.moments import measure_moments
from vtr.models.benchmarks.retrieval import measure_retrieval
from vtr.models.benchmarks.task import Asked


def measure_encoder(dataset: Dataset, asked: Asked) -> list[ResultRow]:
    """Rows of each task of ``dataset``. Raises ``ValueError`` (of which the errors of data sets, decoders and
    encoders are), also for a data set whose split has none."""
    rows: list[ResultRow] = []
    if isinstance(dataset, RetrievalDataset):
        rows += measure_retrieval(dataset, asked)
    if isinstance(dataset, MomentDataset):
        rows += measure_moments(dataset, asked)
    if isinstance(dataset, ComposedDataset):
        rows += measure_composed(dataset, asked)
    if isinstance(dataset, AdverbDataset):
        rows += measure_adverbs(dataset, asked)
    if not rows:
        raise ValueError(f"{dataset.name}: nothing to measure on {asked.split}")
    return rows
