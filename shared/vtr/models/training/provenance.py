"""What a card says of any training: what it learned from, and how it went."""

from __future__ import annotations

from typing import Any

import msgspec

from vtr.evaluation.corpus.read import Corpus
from vtr.models.training.loop import Fitted


def corpus_data(corpus: Corpus) -> dict[str, Any]:
    """The corpus by the hashes of its files, and how it is made again."""
    manifest = corpus.manifest
    return {
        "corpus": msgspec.to_builtins(manifest.sha256),
        "generator": manifest.generator_version,
        "videos": manifest.options.videos,
        "corpus_seed": manifest.options.seed,
    }


def fitted_metrics(fitted: Fitted) -> dict[str, Any]:
    """The validation of the weights that were kept, at which step, and what it took in seconds."""
    return {
        "val": fitted.metrics,
        "best_step": fitted.best_step,
        "steps": fitted.steps,
        "train_s": round(fitted.elapsed_s, 1),
    }
