"""Trains the composer on the states of a dual encoder's frozen towers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from torch import nn

from vtr.evaluation.corpus.read import Corpus
from vtr.models.dual.states import CorpusStates
from vtr.models.heads.covr.config import CovrConfig
from vtr.models.heads.covr.data import ComposedBatches, ComposedData
from vtr.models.heads.covr.evaluate import validation
from vtr.models.heads.covr.head import Covr
from vtr.models.heads.covr.search import ComposedSearch
from vtr.models.training.checkpoints import Card, save_checkpoint
from vtr.models.training.loop import fit, seed_everything
from vtr.models.training.options import TrainOptions
from vtr.models.training.provenance import corpus_data, fitted_metrics

OPTIONS = TrainOptions(
    steps=600, lr=2e-3, warmup=40, evaluate_every=100, patience=6, select="val", precision="float32"
)
BATCH = 64
"""Triplets in a batch, each beside its way back."""


def default_config(states: CorpusStates) -> CovrConfig:
    """Small enough to be trained in minutes on a CPU; of the widths of the towers."""
    towers = states.model.config
    return CovrConfig(
        frame_dim=towers.width,
        text_dim=towers.text_width,
        dim=towers.dim,
        width=128,
        layers=1,
        dropout=0.0,
        span=3,
        edit_layers=2,
        slots=towers.slots,
        slot_dim=towers.slot_dim,
        tau=0.03,
        caption_weight=0.1,
        frame_weight=4.0,
        change_weight=0.3,
        example_is_negative=False,
    )


def train_covr(
    corpus: Corpus,
    states: CorpusStates,
    out: Path,
    *,
    config: CovrConfig | None = None,
    options: TrainOptions | None = None,
    batch: int = BATCH,
    resume: bool = False,
    command: str = "",
    progress: Callable[[float, str], None] = lambda _share, _text: None,
) -> Card:
    """Trains on ``train``, chooses weights on ``val`` by composed R@1; writes checkpoint, card and logs.

    Returns the card. Raises ``ValueError`` for a corpus without triplets.
    """
    options = options or OPTIONS
    config = config or default_config(states)
    seed_everything(options.seed)
    head = Covr(config)
    head.start_from(states.model.video.pool)
    data = ComposedData(corpus, states)
    search = ComposedSearch.of(corpus, states, "val")
    batches = ComposedBatches(data, seed=options.seed, size=batch)

    def validate(averaged: nn.Module) -> dict[str, float]:
        assert isinstance(averaged, Covr)  # noqa: S101
        return validation(averaged, data, search)

    fitted = fit(head, batches, validate, options, out, resume=resume, progress=progress)
    best = fitted.module
    assert isinstance(best, Covr)  # noqa: S101
    card = Card(
        head=head.name,
        config=asdict(config),
        options={**asdict(options), "batch": batch},
        data={
            "base": states.base,
            **corpus_data(corpus),
        },
        metrics=fitted_metrics(fitted),
        command=command,
        parameters=0,
        precision="",
    )
    return save_checkpoint(out, best, card, half=True)
