"""The states of every video of a corpus, computed once, so that a head trains without running the towers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from vtr.evaluation.corpus.read import Corpus
from vtr.models.dual.checkpoint import load_dual
from vtr.models.dual.model import DualEncoder
from vtr.models.dual.pairs import stride_of
from vtr.models.dual.tower_states import clip_states
from vtr.models.dual.vocabulary import Vocabulary
from vtr.models.encoders.base import FloatArray
from vtr.models.encoders.clip_states import ClipStates
from vtr.models.training.features import FeatureStore, Item, Part, Tower, build_parts

REGION_BYTES = 1_500_000_000
"""What the regions of a corpus may take on disk; of a larger one every second, third, ... frame is kept."""


@dataclass(frozen=True)
class CorpusStates:
    """States by video id: float32 copies; ``FeatureError`` for an unknown video.

    ``base``: the SHA-256 of the dual encoder's weights, which a head's card names. ``step_s``: seconds
    between frames, ``region_step_s`` between those whose regions are kept.
    """

    base: str
    model: DualEncoder
    vocabulary: Vocabulary
    step_s: float
    region_step_s: float
    frame_store: FeatureStore
    region_store: FeatureStore
    vector_store: FeatureStore

    def frames(self, video_id: str) -> FloatArray:
        """[T, W]."""
        return self.frame_store[video_id].astype(np.float32)

    def regions(self, video_id: str) -> FloatArray:
        """[S, R, C]; S is T, or fewer (see :meth:`region_times_s`)."""
        return self.region_store[video_id].astype(np.float32)

    def vector(self, video_id: str) -> FloatArray:
        """[D], L2 norm 1."""
        found: FloatArray = self.vector_store[video_id][0].astype(np.float32)
        return found

    def vectors(self, video_ids: list[str]) -> FloatArray:
        """[N, D] of several videos."""
        return np.stack([self.vector(video_id) for video_id in video_ids])

    def times_s(self, video_id: str) -> FloatArray:
        """[T] seconds from the video's start."""
        return _times(len(self.frame_store[video_id]), self.step_s)

    def region_times_s(self, video_id: str) -> FloatArray:
        """[S], the times of the frames whose regions are kept."""
        return _times(len(self.region_store[video_id]), self.region_step_s)

    def states(self, video_id: str) -> ClipStates:
        """Everything of one video, as it would be read of a clip."""
        return ClipStates(
            frames=self.frames(video_id),
            regions=self.regions(video_id),
            vector=self.vector(video_id),
            times_s=self.times_s(video_id),
            region_times_s=self.region_times_s(video_id),
        )


def corpus_states(
    checkpoint: Path,
    corpus: Corpus,
    frames: FeatureStore,
    root: Path,
    *,
    workers: int = 1,
    progress: Callable[[int], None] = lambda _: None,
    region_bytes: int = REGION_BYTES,
) -> CorpusStates:
    """States of all of ``corpus`` by the dual encoder in ``checkpoint``; made in ``root`` if not there.

    ``frames``: the corpus's small frames (:func:`vtr.models.training.corpus_frames.corpus_frames`).
    ``progress`` gets the number of videos just done. Raises ``CheckpointError``, ``FeatureError`` (also
    where ``root`` holds the states of another checkpoint or other videos), ``ValueError`` for frames of
    another size or rate than the encoder's.
    """
    model, vocabulary, card = load_dual(checkpoint)
    config, source = model.config, frames.index.tower
    if source.shape != (config.side, config.side, 3):
        raise ValueError(f"frames: {list(source.shape)}, but {[config.side, config.side, 3]} is needed")
    stride = stride_of(source.fps, config.fps)
    step_s = stride / source.fps
    videos = list(corpus.videos.values())
    counts = [-(-len(frames[record.id]) // stride) for record in videos]
    cells, channels = model.video.frame.cells_a_side**2, model.video.frame.cell_channels
    every = max(1, -(-sum(counts) * cells * channels * 2 // region_bytes))

    def part(name: str, lengths: list[int], fps: float, shape: tuple[int, ...], dtype: str) -> Part:
        version = f"{name} of dual {card.sha256} on {source.version} at {source.fps:g} fps"
        items = [Item(id=r.id, frames=n, sha256=r.sha256) for r, n in zip(videos, lengths, strict=True)]
        return Part(root / name, Tower(version=version, fps=fps, shape=shape, dtype=dtype), items)

    thinned = [-(-count // every) for count in counts]
    parts = [
        part("frames", counts, config.fps, (config.width,), "float16"),
        part("regions", thinned, config.fps / every, (cells, channels), "float16"),
        part("vectors", [1] * len(videos), config.fps, (config.dim,), "float32"),
    ]

    threads = torch.get_num_threads()

    def compute(number: int) -> tuple[NDArray[np.generic], ...]:
        torch.set_num_threads(threads)  # each thread has its own number, and starts with all cores
        pixels = np.asarray(frames[videos[number].id][::stride], dtype=np.uint8)
        (states,) = clip_states(model, [pixels], [_times(len(pixels), step_s)])
        return states.frames, states.regions[::every], states.vector[np.newaxis]

    of_frames, of_regions, of_videos = build_parts(parts, compute, workers=workers, progress=progress)
    return CorpusStates(
        base=card.sha256,
        model=model,
        vocabulary=vocabulary,
        step_s=step_s,
        region_step_s=step_s * every,
        frame_store=of_frames,
        region_store=of_regions,
        vector_store=of_videos,
    )


def _times(count: int, step_s: float) -> FloatArray:
    return (np.arange(count) * step_s).astype(np.float32)
