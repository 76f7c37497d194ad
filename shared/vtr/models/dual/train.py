"""Trains a dual encoder on a generated corpus, measures it once on the test splits, and writes both down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import msgspec

from vtr.evaluation.corpus.read import Corpus
from vtr.models.dual.config import DualConfig
from vtr.models.dual.evaluate import DualEvaluator, full_captions
from vtr.models.dual.model import DualEncoder
from vtr.models.dual.pairs import Augmentation, PairedBatches
from vtr.models.dual.vocabulary import Vocabulary
from vtr.models.training.checkpoints import Card, save_checkpoint
from vtr.models.training.features import FeatureStore
from vtr.models.training.loop import fit, seed_everything
from vtr.models.training.options import TrainOptions
from vtr.models.training.provenance import corpus_data, fitted_metrics

COARSE = 0.8
"""The share of training that sees few frames a video."""
TEST_SPLITS = ("test", "test-heldout-composition")
OPTIONS = TrainOptions(steps=1700)
"""How it is trained unless told otherwise."""


def vocabulary_of(corpus: Corpus) -> Vocabulary:
    """The words of the training split's captions, of whole videos and of events."""
    texts: list[str] = []
    for record in corpus.split("train"):
        texts.extend(caption.text for caption in full_captions(record))
        texts.extend(text for event in record.events for text in event.captions)
    return Vocabulary.of(texts)


def train_dual(
    corpus: Corpus,
    store: FeatureStore,
    out: Path,
    *,
    config: DualConfig | None = None,
    options: TrainOptions | None = None,
    augmentation: Augmentation | None = None,
    batch: int = 64,
    chunk: int | None = None,
    resume: bool = False,
    test: bool = True,
    half: bool = True,
    command: str = "",
    progress: Callable[[float, str], None] = lambda _share, _text: None,
) -> Card:
    """Trains on ``train``, chooses weights on ``val``, and with ``test`` measures those of ``TEST_SPLITS``.

    Writes the checkpoint, its card and the logs into ``out``; returns the card. ``chunk``: videos that pass
    through at once, with gradient caching over the batch; None: the whole batch.
    """
    config = config or DualConfig()
    options = options or OPTIONS
    augmentation = augmentation or Augmentation(coarse_steps=round(COARSE * options.steps))
    seed_everything(options.seed)
    vocabulary = vocabulary_of(corpus)
    model = DualEncoder(config, len(vocabulary.words))
    batches = PairedBatches(
        corpus,
        store,
        vocabulary,
        config,
        seed=options.seed,
        size=batch,
        chunk=chunk,
        augmentation=augmentation,
    )
    evaluator = DualEvaluator(corpus, store, vocabulary)

    def validate(averaged: object) -> dict[str, float]:
        assert isinstance(averaged, DualEncoder)  # noqa: S101
        return evaluator.validation(averaged)

    fitted = fit(model, batches, validate, options, out, resume=resume, progress=progress)
    best = fitted.module
    assert isinstance(best, DualEncoder)  # noqa: S101
    if half:
        for weight in best.parameters():  # measured as it is stored
            weight.data = weight.data.half().float()
    card = Card(
        head=model.name,
        config=asdict(config),
        options={**asdict(options), "batch": batch, "chunk": chunk, "augmentation": asdict(augmentation)},
        data={
            **corpus_data(corpus),
            "features": store.index.data,
            "tower": msgspec.to_builtins(store.index.tower),
        },
        metrics=fitted_metrics(fitted),
        command=command,
        parameters=0,
        precision="",
        assets={"words": list(vocabulary.words)},
    )
    if test:
        measured = {split: evaluator.split(best, split) for split in TEST_SPLITS if corpus.split(split)}
        card = msgspec.structs.replace(card, metrics={**card.metrics, **measured})
    return save_checkpoint(out, best, card, half=half)
