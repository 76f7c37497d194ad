"""Composed retrieval without a composer: the sum of example and text."""

from __future__ import annotations

import numpy as np

from vtr.evaluation.datasets.base import ComposedDataset, Video
from vtr.evaluation.metrics.ranks import retrieval_metrics, target_ranks
from vtr.evaluation.metrics.rows import COMPOSED, ResultRow
from vtr.models.benchmarks.gallery import present, see, texts, vectors
from vtr.models.benchmarks.task import CHANCE, Asked, guessing


def measure_composed(dataset: ComposedDataset, asked: Asked) -> list[ResultRow]:
    """Example plus text by a normalised sum; text alone, example alone and chance are baselines. The example
    itself is never an answer."""
    gallery = present(dataset.videos(asked.split), skip_missing=asked.skip_missing)
    examples = present(_references(dataset, asked.split), skip_missing=asked.skip_missing)
    everything = {video.id: video for video in [*gallery, *examples]}
    at = {video.id: column for column, video in enumerate(gallery)}
    queries = [q for q in dataset.triplets(asked.split) if q.target in at and q.reference in everything]
    seen = see(
        asked.encoder, list(everything.values()), asked.sample, frames=asked.frames, progress=asked.progress
    )
    answers = vectors(seen, list(at))
    words = texts(asked.encoder, [query.text for query in queries])
    looks = vectors(seen, [query.reference for query in queries])
    both = words + looks
    both /= np.linalg.norm(both, axis=1, keepdims=True)
    targets = [at[query.target] for query in queries]
    exclude = np.array([[query.reference == each for each in at] for query in queries])
    rows = asked.rows(
        guessing(len(gallery)),
        task=COMPOSED,
        data=dataset.name,
        method=CHANCE,
        gallery=len(gallery),
        queries=len(queries),
        baseline=True,
    )
    for method, vector in {"text alone": words, "video alone": looks, None: both}.items():
        rows += asked.rows(
            retrieval_metrics(target_ranks(vector @ answers.T, targets, exclude)),
            task=COMPOSED,
            data=dataset.name,
            method=method or f"{asked.encoder.model_version}, sum",
            gallery=len(gallery),
            queries=len(queries),
            baseline=method is not None,
        )
    return rows


def _references(dataset: ComposedDataset, split: str) -> list[Video]:
    """The examples of the queries: some sets keep them apart from the gallery."""
    apart = getattr(dataset, "references", None)
    return list(apart(split) if apart else dataset.videos(split))
