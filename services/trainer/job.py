"""The job: features once, then a training for each seed; a training that was stopped is continued."""

from __future__ import annotations

import torch

from trainer.settings import TrainerSettings
from vtr.evaluation.corpus.read import open_corpus
from vtr.media.thumbs import small_frames
from vtr.models.dual.train import train_dual
from vtr.models.training.checkpoints import CARD, Card, read_card
from vtr.models.training.corpus_frames import corpus_frames
from vtr.models.training.loop import STATE
from vtr.models.training.options import TrainOptions
from vtr.observability.logging import get_logger


def run(settings: TrainerSettings) -> list[Card]:
    """Trains what is not yet trained; the cards of all seeds, in their order.

    Raises ``ValueError`` (of which the errors of corpora, features and training are) for bad input.
    """
    log = get_logger("trainer")
    torch.set_num_threads(settings.threads)
    corpus = open_corpus(settings.corpus)
    root = settings.features or settings.corpus.with_name(f"{settings.corpus.name}-frames48")
    store = corpus_frames(corpus, root, small_frames, workers=settings.threads)
    log.info("features ready", videos=len(store.spans), frames=len(store.array))
    cards = []
    for seed in settings.seeds:
        out = settings.out / f"{settings.head}-{seed}"
        if (out / CARD).exists():
            log.info("trained before", seed=seed)
            cards.append(read_card(out))
            continue
        card = train_dual(
            corpus,
            store,
            out,
            options=TrainOptions(seed=seed, steps=settings.steps, minutes=settings.minutes),
            batch=settings.batch,
            chunk=settings.chunk,
            resume=(out / STATE).exists(),
            command=f"vtr-trainer, seed {seed}, {settings.steps} steps, batches of {settings.batch}",
            progress=lambda share, text: log.info("training", share=round(share, 3), at=text),
        )
        log.info("trained", seed=seed, sha256=card.sha256, metrics=card.metrics.get("val"))
        cards.append(card)
    return cards
