"""The log-mels of a generated corpus, computed once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vtr.evaluation.corpus.read import Corpus
from vtr.models.audio.config import MelConfig
from vtr.models.audio.logmel import VERSION, frames_of, log_mel
from vtr.models.training.features import FeatureStore, Item, Tower, build


class Soundtracks(Protocol):
    """Decodes a file's sound; ``vtr.media.soundtrack.soundtrack`` is one. Given, so that no model needs a
    decoder."""

    def __call__(self, path: Path, *, rate: int) -> NDArray[np.float32]: ...


def corpus_sounds(
    corpus: Corpus,
    root: Path,
    decode: Soundtracks,
    *,
    config: MelConfig | None = None,
    workers: int = 1,
    progress: Callable[[int], None] = lambda _: None,
) -> FeatureStore:
    """The log-mel frames of all videos of ``corpus``, float16 [T, mels]; made in ``root`` if not yet there.

    A video's sound is cut, or filled with silence, to the length of its frames.
    """
    config = config or MelConfig()
    items = [
        Item(id=r.id, frames=frames_of(_samples(r.duration_s, config), config), sha256=r.sha256)
        for r in corpus.videos.values()
    ]

    def compute(item: Item) -> NDArray[np.float16]:
        record = corpus.videos[item.id]
        sound = decode(corpus.path(record), rate=config.rate)
        wanted = np.zeros(_samples(record.duration_s, config), dtype=np.float32)
        wanted[: len(sound)] = sound[: len(wanted)]
        return log_mel(wanted, config).astype(np.float16)

    return build(root, tower_of(config), items, compute, workers=workers, progress=progress)


def tower_of(config: MelConfig) -> Tower:
    """What features of ``config`` say of themselves."""
    recipe = hashlib.sha256(config.to_json().encode()).hexdigest()[:8]
    return Tower(
        version=f"{VERSION}-{recipe}", fps=config.rate / config.hop, shape=(config.mels,), dtype="float16"
    )


def _samples(duration_s: float, config: MelConfig) -> int:
    return max(1, round(duration_s * config.rate))
