"""Moments by windows of the cosine between frames and sentence, without training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from vtr.evaluation.datasets.base import MomentDataset, MomentQuery, Video
from vtr.evaluation.datasets.files import DatasetError
from vtr.evaluation.metrics.checks import Floats
from vtr.evaluation.metrics.moment_baselines import MomentPrior, random_moments
from vtr.evaluation.metrics.moments import moment_metrics
from vtr.evaluation.metrics.rows import MOMENTS, ResultRow
from vtr.models.benchmarks.gallery import Seen, present, see, texts
from vtr.models.benchmarks.task import Asked
from vtr.models.heads.vlgnet.baselines import full_valid, window_cosine
from vtr.models.heads.vlgnet.decode import decode_map

TRAIN = "train"


def measure_moments(dataset: MomentDataset, asked: Asked) -> list[ResultRow]:
    """The best windows of ``asked.frames`` evenly spread frames; a random window, and where the moments of
    the training split lie (left out where its annotations are not there), are baselines."""
    videos = {v.id: v for v in present(dataset.videos(asked.split), skip_missing=asked.skip_missing)}
    queries = [query for query in dataset.moments(asked.split) if query.video in videos]
    listed = list(videos.values())
    seen = see(asked.encoder, listed, asked.sample, frames=asked.frames, progress=asked.progress)
    sentences = texts(asked.encoder, [query.text for query in queries])
    predicted = [
        best_windows(seen[query.video], sentence, query, videos[query.video])
        for query, sentence in zip(queries, sentences, strict=True)
    ]
    durations = [query.duration_s for query in queries]
    baselines = {"random window": random_moments(durations)}
    if (prior := _prior(dataset)) is not None:
        baselines["prior of training"] = prior.predict(durations)
    true = [query.windows for query in queries]
    candidates = asked.frames * (asked.frames + 1) // 2
    rows = []
    for method, windows in {**baselines, "": predicted}.items():
        rows += asked.rows(
            moment_metrics(windows, true),
            task=MOMENTS,
            data=dataset.name,
            method=method or f"{asked.encoder.model_version}, windows",
            gallery=candidates,
            queries=len(queries),
            baseline=bool(method),
        )
    return rows


def best_windows(seen: Seen, sentence: Floats, query: MomentQuery, video: Video, limit: int = 5) -> Floats:
    """[P, 2] seconds, best first: windows of the frames whose cosine with ``sentence`` [D] stands out."""
    frames = torch.from_numpy(np.array(seen.embedding.frames, dtype=np.float32))[None]
    mask = torch.ones(frames.shape[:2], dtype=torch.bool)
    scores = window_cosine(frames, mask, torch.from_numpy(np.array(sentence, dtype=np.float32))[None])
    edges = torch.from_numpy(_edges(seen.times_s, query.duration_s, video.start_s or 0.0))[None]
    (found,) = decode_map(scores, full_valid(mask), edges, limit=limit)
    return np.array([(moment.start_s, moment.end_s) for moment in found], dtype=np.float64)


def _edges(times_s: Sequence[float], duration_s: float, start_s: float) -> Floats:
    """[T + 1]: halfway between frames, with the ends of the part that is meant. Always rising."""
    times = np.asarray(times_s, dtype=np.float64) - start_s
    inner = (times[1:] + times[:-1]) / 2
    last = max(duration_s, float(times[-1]) + 1e-3)
    return np.concatenate([[0.0], inner, [last]])


def _prior(dataset: MomentDataset) -> MomentPrior | None:
    try:
        train = dataset.moments(TRAIN)
    except DatasetError:
        return None
    return MomentPrior.fit([query.windows for query in train], [query.duration_s for query in train])
