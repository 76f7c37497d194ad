"""Trains the region head and the adverb head on the states of a dual encoder's frozen towers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import msgspec
import numpy as np
from torch import nn

from vtr.evaluation.corpus.read import Corpus
from vtr.models.dual.states import CorpusStates
from vtr.models.heads.regada.adverb_data import AdverbData, AdverbVocabulary, vocabulary_of
from vtr.models.heads.regada.adverb_head import AdverbHead
from vtr.models.heads.regada.adverb_scores import Scored, head_scores, pairs_of
from vtr.models.heads.regada.config import AdverbConfig, RegadaConfig, RegionConfig
from vtr.models.heads.regada.data import RegadaBatches, Sizes
from vtr.models.heads.regada.model import Regada
from vtr.models.heads.regada.pointing import Truth, event_questions, look
from vtr.models.heads.regada.region_data import RegionData
from vtr.models.heads.regada.region_head import RegionHead
from vtr.models.heads.regada.wording import action_phrases, adverb_phrases, phrase_vectors, wording_of
from vtr.models.training.checkpoints import Card, save_checkpoint
from vtr.models.training.loop import fit, seed_everything
from vtr.models.training.options import TrainOptions
from vtr.models.training.provenance import corpus_data, fitted_metrics

OPTIONS = TrainOptions(steps=360, lr=2e-3, warmup=40, evaluate_every=90, patience=5, select="val")
_VALIDATED = 200
"""So many events are pointed at in validation."""


def default_config(states: CorpusStates, vocabulary: AdverbVocabulary) -> RegadaConfig:
    """Small enough to be trained in minutes on a CPU; of the widths of the towers."""
    towers = states.model.config
    return RegadaConfig(
        regions=RegionConfig(
            region_dim=states.model.video.frame.cell_channels,
            word_dim=towers.text_width,
            dim=96,
            negatives=1,
            graph_videos=8,
        ),
        adverbs=AdverbConfig(
            snippet_dim=towers.width,
            text_dim=towers.dim,
            actions=vocabulary.actions,
            adverbs=vocabulary.adverbs,
            antonyms=vocabulary.antonyms,
            pairs=vocabulary.pairs,
            dim=128,
            dropout=0.2,
            time_layers=1,
            contrast_weight=1.0,
        ),
    )


def train_regada(
    corpus: Corpus,
    states: CorpusStates,
    out: Path,
    *,
    config: RegadaConfig | None = None,
    options: TrainOptions | None = None,
    sizes: Sizes | None = None,
    resume: bool = False,
    command: str = "",
    progress: Callable[[float, str], None] = lambda _share, _text: None,
) -> Card:
    """Trains on ``train``, chooses weights on ``val``; writes checkpoint, card and logs into ``out``.

    ``val`` is the mean of what there is of pointing accuracy, Acc-A and mAP-W with the action given, on the
    validation split. A config without one of the heads trains the other alone. Returns the card. Raises
    ``ValueError`` for a corpus without events, or states of too few frames a second.
    """
    options = options or OPTIONS
    sizes = sizes or Sizes()
    vocabulary = vocabulary_of([item for item in corpus.adverbs if item.split == "train"])
    config = config or default_config(states, vocabulary)
    seed_everything(options.seed)
    head = Regada(config)
    if head.adverbs is not None:
        head.adverbs.set_vocabulary(
            phrase_vectors(states, [action_phrases(action) for action in vocabulary.actions]),
            phrase_vectors(states, [adverb_phrases(adverb) for adverb in vocabulary.adverbs]),
        )
    batches = RegadaBatches(
        None if head.regions is None else RegionData(corpus, states, "train"),
        None if head.adverbs is None else AdverbData(corpus, states, "train", vocabulary),
        seed=options.seed,
        sizes=sizes,
    )
    point = None if head.regions is None else _pointing(corpus, states)
    tell = None if head.adverbs is None else _telling(corpus, states, vocabulary)

    def validate(averaged: nn.Module) -> dict[str, float]:
        assert isinstance(averaged, Regada)  # noqa: S101
        found: dict[str, float] = {}
        if point is not None and averaged.regions is not None:
            found |= point(averaged.regions)
        if tell is not None and averaged.adverbs is not None:
            found |= tell(averaged.adverbs)
        steered = [found[name] for name in ("pointing", "Acc-A", "mAP-W") if name in found]
        return {"val": float(np.mean(steered)), **found}

    fitted = fit(head, batches, validate, options, out, resume=resume, progress=progress)
    best = fitted.module
    assert isinstance(best, Regada)  # noqa: S101
    best.half().float()  # measured as it is stored
    card = Card(
        head=head.name,
        config=msgspec.to_builtins(config),
        options={**asdict(options), "sizes": asdict(sizes)},
        data={
            "base": states.base,
            **corpus_data(corpus),
        },
        metrics=fitted_metrics(fitted),
        command=command,
        parameters=0,
        precision="",
        assets={"wording": wording_of(vocabulary.actions, vocabulary.adverbs)},
    )
    return save_checkpoint(out, best, card, half=True)


def _pointing(corpus: Corpus, states: CorpusStates) -> Callable[[RegionHead], dict[str, float]]:
    data = RegionData(corpus, states, "val")
    everything = event_questions(data, corpus.split("val"))
    questions = everything[:: max(1, len(everything) // _VALIDATED)]
    truth = Truth.of(data, questions)
    return lambda head: {"pointing": 100 * float(truth.hits(look(head, data, questions).maps).mean())}


def _telling(
    corpus: Corpus, states: CorpusStates, vocabulary: AdverbVocabulary
) -> Callable[[AdverbHead], dict[str, float]]:
    data = AdverbData(corpus, states, "val", vocabulary)
    pairs = pairs_of(data)
    rows = range(len(data.items))

    def tell(head: AdverbHead) -> dict[str, float]:
        scored = Scored.of(head_scores(head, data, pairs), pairs, data.items)
        return scored.metrics(rows, data.items)["given"]

    return tell
