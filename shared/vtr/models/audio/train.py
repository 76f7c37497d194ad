"""Trains an audio model on the sounds of a generated corpus and writes its checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import msgspec
import numpy as np

from vtr.evaluation.corpus.read import Corpus
from vtr.evaluation.metrics.ranks import first_hit_ranks, retrieval_metrics
from vtr.models.audio.batches import SoundAugmentation, SoundBatches
from vtr.models.audio.config import AudioConfig
from vtr.models.audio.corpus_sounds import tower_of
from vtr.models.audio.heard import BOTH, FULL, SOUND, captions_of
from vtr.models.audio.infer import embed_sounds, embed_texts
from vtr.models.audio.model import AudioModel
from vtr.models.audio.queries import heard_questions
from vtr.models.dual.vocabulary import Vocabulary
from vtr.models.training.checkpoints import Card, save_checkpoint
from vtr.models.training.features import FeatureError, FeatureStore
from vtr.models.training.loop import fit, seed_everything
from vtr.models.training.options import TrainOptions
from vtr.models.training.provenance import corpus_data, fitted_metrics

OPTIONS = TrainOptions(steps=300, lr=2e-3, evaluate_every=75, select="val")


def vocabulary_of(corpus: Corpus) -> Vocabulary:
    """The words of the training split's captions, of whole videos and of events."""
    texts: list[str] = []
    for record in corpus.split("train"):
        texts += [caption.text for caption in record.captions]
        texts += [text for event in record.events for text in event.captions]
    return Vocabulary.of(texts)


def train_audio(
    corpus: Corpus,
    features: FeatureStore,
    out: Path,
    *,
    config: AudioConfig | None = None,
    options: TrainOptions | None = None,
    batch: int = 64,
    resume: bool = False,
    command: str = "",
    progress: Callable[[float, str], None] = lambda _share, _text: None,
) -> Card:
    """Trains on ``train``, chooses weights on ``val``; writes checkpoint, card and logs to ``out``.

    ``features``: of :func:`vtr.models.audio.corpus_sounds.corpus_sounds`, with the same ``config.mel``.
    """
    config, options = config or AudioConfig(), options or OPTIONS
    check_features(features, config)
    seed_everything(options.seed)
    vocabulary = vocabulary_of(corpus)
    model = AudioModel(config, len(vocabulary.words))
    augmentation = SoundAugmentation()
    batches = SoundBatches(
        corpus, features, vocabulary, seed=options.seed, size=batch, augmentation=augmentation
    )

    def validate(averaged: object) -> dict[str, float]:
        assert isinstance(averaged, AudioModel)  # noqa: S101
        return validation(averaged, vocabulary, corpus, features)

    fitted = fit(model, batches, validate, options, out, resume=resume, progress=progress)
    best = fitted.module
    assert isinstance(best, AudioModel)  # noqa: S101
    card = Card(
        head=model.name,
        config=asdict(config),
        options={**asdict(options), "batch": batch, "augmentation": asdict(augmentation)},
        data={
            **corpus_data(corpus),
            "features": features.index.data,
            "tower": msgspec.to_builtins(features.index.tower),
        },
        metrics=fitted_metrics(fitted),
        command=command,
        parameters=0,
        precision="",
        assets={"words": list(vocabulary.words)},
    )
    return save_checkpoint(out, best, card, half=True)


def check_features(features: FeatureStore, config: AudioConfig) -> None:
    """Raises :class:`FeatureError` for features that are not the log-mels of ``config``."""
    found, wanted = features.index.tower, tower_of(config.mel)
    if found != wanted:
        raise FeatureError(f"features: of {found.version}, but {wanted.version} is needed")


def validation(
    model: AudioModel, vocabulary: Vocabulary, corpus: Corpus, features: FeatureStore, split: str = "val"
) -> dict[str, float]:
    """Retrieval by texts that name what is heard alone, among all videos of ``split`` (``val`` is its R@1);
    ``senses``: the share of captions of which it is rightly told whether they name something heard."""
    records = corpus.split(split)
    sounds = embed_sounds(model, [features[record.id] for record in records])
    questions = heard_questions(records)
    texts, _ = embed_texts(model, vocabulary.encode_all(questions.texts))
    found = dict(retrieval_metrics(first_hit_ranks(texts @ sounds.T, questions.relevant)))
    right: list[bool] = []
    for kind, heard in ((FULL, False), (BOTH, True), (SOUND, True)):
        captions = [caption.text for record in records for caption in captions_of(record, kind)[:1]]
        if captions:
            _, senses = embed_texts(model, vocabulary.encode_all(captions))
            right += ((senses[:, 1] > 0.5) == heard).tolist()
    return {"val": found["R@1"], **found, "senses": 100 * float(np.mean(right))}
