"""The small frames of a generated corpus as features: what a tower trained end to end begins with."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vtr.evaluation.corpus.read import Corpus
from vtr.models.training.features import FeatureStore, Item, Tower, build

VERSION = "area-rgb-v1"


class SmallFrames(Protocol):
    """Decodes a video; ``vtr.media.thumbs.small_frames`` is one. Given, so that no model needs a decoder."""

    def __call__(self, path: Path, *, side: int, count: int, fps: float) -> NDArray[np.uint8]: ...


def corpus_frames(
    corpus: Corpus,
    root: Path,
    decode: SmallFrames,
    *,
    side: int = 48,
    fps: float = 10.0,
    workers: int = 1,
    progress: Callable[[int], None] = lambda _: None,
) -> FeatureStore:
    """All videos of ``corpus`` as uint8 [T, side, side, 3] at ``fps``; made in ``root`` if not yet there."""
    items = [
        Item(id=r.id, frames=max(1, ceil(r.frames * fps / r.fps - 1e-6)), sha256=r.sha256)
        for r in corpus.videos.values()
    ]
    tower = Tower(version=VERSION, fps=fps, shape=(side, side, 3), dtype="uint8")

    def compute(item: Item) -> NDArray[np.uint8]:
        path = corpus.path(corpus.videos[item.id])
        return decode(path, side=side, count=item.frames, fps=fps)

    return build(root, tower, items, compute, workers=workers, progress=progress)
