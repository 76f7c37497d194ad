"""Trains the moment head on the states of a dual encoder's frozen towers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from torch import nn

from vtr.evaluation.corpus.read import Corpus
from vtr.evaluation.metrics.moments import moment_metrics
from vtr.models.dual.states import CorpusStates
from vtr.models.heads.serving.card import with_serving
from vtr.models.heads.serving.protocol import Serving
from vtr.models.heads.vlgnet.config import VlgNetConfig
from vtr.models.heads.vlgnet.data import MomentBatches, MomentData
from vtr.models.heads.vlgnet.model import VlgNet
from vtr.models.heads.vlgnet.predict import of_head, of_windows, predict
from vtr.models.heads.vlgnet.rerank import DEPTH, caption_search, choose, event_search, moment_scores
from vtr.models.training.checkpoints import Card, save_checkpoint
from vtr.models.training.loop import fit, seed_everything
from vtr.models.training.options import TrainOptions
from vtr.models.training.provenance import corpus_data, fitted_metrics

OPTIONS = TrainOptions(steps=450, lr=1.5e-3, warmup=40, evaluate_every=150, select="val")
BATCH = 48
"""Videos in a batch, with a true and a false sentence each."""
_SHOWN = "R@1 IoU=0.5"


def default_config(states: CorpusStates) -> VlgNetConfig:
    """Small enough to be trained in minutes on a CPU; of the width of the towers."""
    towers = states.model.config
    return VlgNetConfig(
        frame_dim=towers.width, word_dim=towers.text_width, dim=128, map_dim=48, video_weight=0.3
    )


def train_vlgnet(
    corpus: Corpus,
    states: CorpusStates,
    out: Path,
    *,
    config: VlgNetConfig | None = None,
    options: TrainOptions | None = None,
    batch: int = BATCH,
    resume: bool = False,
    command: str = "",
    progress: Callable[[float, str], None] = lambda _share, _text: None,
) -> Card:
    """Trains on ``train``, chooses weights on ``val``; writes checkpoint, card and logs into ``out``.

    ``val`` is the mean of R@1 at IoU 0.5 and 0.7 over one sentence of each event of the validation split.
    Returns the card. Raises ``ValueError`` for a corpus of too few videos.
    """
    options = options or OPTIONS
    config = config or default_config(states)
    seed_everything(options.seed)
    head = VlgNet(config)
    batches = MomentBatches(MomentData(corpus, states, "train"), seed=options.seed, size=batch)
    val = MomentData(corpus, states, "val")
    queries = val.queries()[::2]

    def validate(averaged: nn.Module) -> dict[str, float]:
        assert isinstance(averaged, VlgNet)  # noqa: S101
        predicted = predict(of_head(averaged), val, queries)
        found = moment_metrics(predicted, [query.windows for query in queries])
        return {"val": (found["R@1 IoU=0.5"] + found["R@1 IoU=0.7"]) / 2, **found}

    fitted = fit(head, batches, validate, options, out, resume=resume, progress=progress)
    best = fitted.module
    assert isinstance(best, VlgNet)  # noqa: S101
    best.half().float()  # measured as it is stored
    windows = moment_metrics(predict(of_windows(val), val, queries), [query.windows for query in queries])
    found = [
        (search, moment_scores(best, val, search)) for search in (event_search(val), caption_search(val))
    ]
    rerank = choose(found)
    card = Card(
        head=head.name,
        config=asdict(replace(config, reduce=rerank.reduce)),
        options={**asdict(options), "batch": batch},
        data={
            "base": states.base,
            **corpus_data(corpus),
        },
        metrics={
            **fitted_metrics(fitted),
            "val windows": windows,
        },
        command=command,
        parameters=0,
        precision="",
    )
    # It tells moments where it finds them better than windows do; whether it also re-orders is the weight.
    better = fitted.metrics[_SHOWN] > windows[_SHOWN]
    serving = Serving(default_on=better, weight=rerank.weight, depth=DEPTH)
    card = with_serving(card, serving, before=rerank.before, after=rerank.after)
    return save_checkpoint(out, best, card, half=True)
