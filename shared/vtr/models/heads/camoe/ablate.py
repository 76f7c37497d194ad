"""What each part of the experts is worth: heads without it, trained alike and shorter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from vtr.evaluation.corpus.read import Corpus
from vtr.models.dual.states import CorpusStates
from vtr.models.heads.camoe.config import CamoeConfig
from vtr.models.heads.camoe.evaluate import ABLATIONS
from vtr.models.heads.camoe.train import OPTIONS, ablations, default_config, train_camoe
from vtr.models.training.checkpoints import Card
from vtr.models.training.options import TrainOptions

STEPS = 400
WHOLE = "whole"


def ablate_camoe(
    corpus: Corpus,
    states: CorpusStates,
    checkpoint: Path,
    *,
    config: CamoeConfig | None = None,
    options: TrainOptions | None = None,
    command: str = "",
    progress: Callable[[float, str], None] = lambda _share, _text: None,
) -> dict[str, Card]:
    """Trains the whole head and each of :func:`ablations` for :data:`STEPS` steps, all with one seed.

    They go into folders of ``checkpoint``, where :func:`vtr.models.heads.camoe.evaluate.evaluate_camoe` finds
    them. They are compared with each other, not with the head in ``checkpoint``, which learned longer.
    """
    options = options or replace(OPTIONS, steps=STEPS)
    config = config or default_config(states)
    return {
        name: train_camoe(
            corpus,
            states,
            checkpoint / ABLATIONS / name,
            config=part,
            options=options,
            command=command,
            progress=lambda share, text, name=name: progress(share, f"{name}, {text}"),  # type: ignore[misc]
        )
        for name, part in {WHOLE: config, **ablations(config)}.items()
    }
