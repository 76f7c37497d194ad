"""Trains the experts on the states of a dual encoder's frozen towers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path

from torch import nn

from vtr.evaluation.corpus.read import Corpus
from vtr.models.dual.states import CorpusStates
from vtr.models.heads.camoe.bank import background_texts, choose_beta
from vtr.models.heads.camoe.checkpoint import without_queue
from vtr.models.heads.camoe.config import UNIFORM, CamoeConfig
from vtr.models.heads.camoe.data import GroupBatches, TextReader
from vtr.models.heads.camoe.galleries import ALL, BASES, Galleries, choose_weight, similarities
from vtr.models.heads.camoe.head import Camoe
from vtr.models.heads.camoe.streams import FUSION
from vtr.models.heads.serving.card import with_serving
from vtr.models.heads.serving.protocol import Serving
from vtr.models.training.checkpoints import Card, save_checkpoint
from vtr.models.training.loop import fit, seed_everything
from vtr.models.training.options import TrainOptions
from vtr.models.training.provenance import corpus_data, fitted_metrics

OPTIONS = TrainOptions(steps=800, lr=1.5e-3, evaluate_every=200, patience=4)
BATCH = 64
"""Videos in a batch; half are edits of the others."""
CAPTIONS = 2
"""Captions of each validation video by which weights are chosen: more queries, less noise."""
GAIN = 0.5
"""By how many points the experts must raise R@1 on validation for queries to use them unasked."""


def default_config(states: CorpusStates) -> CamoeConfig:
    """Small enough to be trained in minutes on a CPU; of the width of the towers."""
    towers = states.model.config
    return CamoeConfig(frame_dim=towers.width, text_dim=towers.text_width, dim=128)


def ablations(config: CamoeConfig) -> dict[str, CamoeConfig]:
    """``config`` without one part at a time."""
    return {
        "no memory": replace(config, memory=0, queue=0),
        "one expert": replace(config, experts=(FUSION,)),
        "uniform gate": replace(config, gate=UNIFORM),
    }


def train_camoe(
    corpus: Corpus,
    states: CorpusStates,
    out: Path,
    *,
    config: CamoeConfig | None = None,
    options: TrainOptions | None = None,
    batch: int = BATCH,
    resume: bool = False,
    command: str = "",
    progress: Callable[[float, str], None] = lambda _share, _text: None,
) -> Card:
    """Trains on ``train``, chooses weights on ``val``; writes checkpoint, card and logs into ``out``.

    ``val`` is the mean of R@1 among the bases and among all videos of the validation split, of the dual
    encoder and the experts together; with it the weight of the experts and the sharpness of the query bank
    are chosen, and stand in the card. Returns the card. Raises ``ValueError`` for a corpus of too few videos.
    """
    options = options or OPTIONS
    config = config or default_config(states)
    seed_everything(options.seed)
    reader = TextReader(states, config.experts)
    batches = GroupBatches(corpus, states, reader, seed=options.seed, size=batch)
    galleries = Galleries.of(corpus, "val", captions=CAPTIONS)
    videos = [record.id for record in galleries.records]

    def validate(averaged: nn.Module) -> dict[str, float]:
        assert isinstance(averaged, Camoe)  # noqa: S101
        found = similarities(averaged.encoder, states, reader, galleries.captions, videos)
        weight, together = choose_weight(galleries, found)
        named = {"": together, "dual/": galleries.recalls(found.dual), "head/": galleries.recalls(found.head)}
        recalls = {f"{who}{name}/R@1": v for who, of_who in named.items() for name, v in of_who.items()}
        return {"val": (together[BASES] + together[ALL]) / 2, "weight": weight, **recalls}

    fitted = fit(Camoe(config), batches, validate, options, out, resume=resume, progress=progress)
    best = without_queue(fitted.module)
    best.half().float()  # measured as it is stored
    metrics = validate(best)
    found = similarities(best.encoder, states, reader, galleries.captions, videos)
    bank = similarities(best.encoder, states, reader, background_texts(corpus), videos)
    weight = metrics["weight"]
    card = Card(
        head=best.name,
        config=asdict(best.config),
        options={**asdict(options), "batch": batch, "queue": config.queue},
        data={
            "base": states.base,
            **corpus_data(corpus),
            "tagger": reader.tagger.name,
        },
        metrics={
            **fitted_metrics(fitted),
            "val": metrics,
            "bank": {
                "dual": choose_beta(galleries, found.dual, bank.dual),
                "head": choose_beta(galleries, found.head, bank.head),
                "fused": choose_beta(galleries, found.fused(weight), bank.fused(weight)),
            },
        },
        command=command,
        parameters=0,
        precision="",
    )
    return save_checkpoint(out, best, with_serving(card, _serving(metrics)), half=True)


def _serving(val: Mapping[str, float]) -> Serving:
    gain = val["val"] - (val["dual/bases/R@1"] + val["dual/all/R@1"]) / 2
    return Serving(default_on=gain >= GAIN, weight=val["weight"])
