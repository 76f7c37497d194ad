"""The job: a training for each seed; what is trained is kept, what was stopped is continued."""

from __future__ import annotations

from trainer.settings import TrainerSettings
from vtr.evaluation.corpus.read import open_corpus
from vtr.media.soundtrack import soundtrack
from vtr.media.thumbs import small_frames
from vtr.models.runs.methods import DUAL, HEADS
from vtr.models.runs.training import Decoders, Training, train, what_is_missing
from vtr.models.training.checkpoints import Card, read_card
from vtr.models.training.loop import STATE
from vtr.observability.logging import get_logger


def run(settings: TrainerSettings) -> list[Card]:
    """Trains what is not yet trained; the cards of all seeds, in their order.

    Raises ``ValueError`` (of which the errors of corpora, features and training are) for bad input.
    """
    log = get_logger("trainer")
    corpus = open_corpus(settings.corpus)
    cards = []
    for seed in settings.seeds:
        training = training_of(settings, seed)
        missing = what_is_missing(training, corpus)
        if missing is None:
            log.info("trained before", head=settings.head, seed=seed)
            cards.append(read_card(training.out))
            continue
        log.info("training begins", head=settings.head, seed=seed, why=missing)
        card = train(training, lambda share, text: log.info("training", share=round(share, 3), at=text))
        log.info("trained", seed=seed, sha256=card.sha256, metrics=card.metrics.get("val"))
        cards.append(card)
    return cards


def training_of(settings: TrainerSettings, seed: int) -> Training:
    """What is trained for ``seed``, in the run's directory of that seed."""
    of_seed = settings.out / f"seed{seed}"
    out = of_seed / settings.head
    return Training(
        method=settings.head,
        corpus=settings.corpus,
        out=out,
        decode=Decoders(small_frames, soundtrack),
        base=of_seed / DUAL if settings.head in HEADS else None,
        frames=settings.features,
        sounds=settings.sounds,
        seed=seed,
        steps=settings.steps,
        minutes=settings.minutes,
        batch=settings.batch,
        chunk=settings.chunk,
        threads=settings.threads,
        resume=(out / STATE).exists(),
        command=f"vtr-trainer, {settings.head}, seed {seed}, {settings.steps or 'default'} steps",
    )
