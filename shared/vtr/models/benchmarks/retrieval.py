"""Text to video and video to text, by cosine."""

from __future__ import annotations

import numpy as np

from vtr.evaluation.datasets.base import RetrievalDataset
from vtr.evaluation.metrics.ranks import first_hit_ranks, retrieval_metrics, target_ranks
from vtr.evaluation.metrics.rows import TEXT_TO_VIDEO, VIDEO_TO_TEXT, ResultRow
from vtr.models.benchmarks.gallery import present, see, texts, vectors
from vtr.models.benchmarks.task import CHANCE, Asked, guessing


def measure_retrieval(dataset: RetrievalDataset, asked: Asked) -> list[ResultRow]:
    """Both directions, each caption a query; a video with several captions is right with any of them."""
    videos = present(dataset.videos(asked.split), skip_missing=asked.skip_missing)
    at = {video.id: column for column, video in enumerate(videos)}
    queries = [query for query in dataset.queries(asked.split) if query.video in at]
    seen = see(asked.encoder, videos, asked.sample, frames=asked.frames, progress=asked.progress)
    scores = texts(asked.encoder, [query.text for query in queries]) @ vectors(seen, list(at)).T
    targets = np.array([at[query.video] for query in queries])
    relevant = targets[None, :] == np.arange(len(videos))[:, None]
    asking = relevant.any(axis=1)  # a video may have no caption
    found = {
        TEXT_TO_VIDEO: (retrieval_metrics(target_ranks(scores, targets)), len(videos), len(queries)),
        VIDEO_TO_TEXT: (
            retrieval_metrics(first_hit_ranks(scores.T[asking], relevant[asking])),
            len(queries),
            int(asking.sum()),
        ),
    }
    rows = []
    for task, (metrics, gallery, count) in found.items():
        if task == TEXT_TO_VIDEO or len(queries) == len(videos):  # else chance depends on the captions
            rows += asked.rows(
                guessing(gallery),
                task=task,
                data=dataset.name,
                method=CHANCE,
                gallery=gallery,
                queries=count,
                baseline=True,
            )
        rows += asked.rows(metrics, task=task, data=dataset.name, gallery=gallery, queries=count)
    return rows
