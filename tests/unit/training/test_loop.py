from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from support.tiny_dual import TINY, batch_of, examples, tiny_dual
from vtr.models.dual.model import DualBatch
from vtr.models.training.loop import TrainingError, fit
from vtr.models.training.options import TrainOptions

OPTIONS = TrainOptions(steps=12, evaluate_every=4, warmup=2, lr=1e-3, precision="float32", select="val")


def batches(step: int) -> Sequence[DualBatch]:
    return [batch_of(examples(6, seed=step))]


def chunked(step: int) -> Sequence[DualBatch]:
    made = examples(6, seed=step)
    return [batch_of(made[:2]), batch_of(made[2:])]


def rising() -> object:
    values = iter(range(100))
    return lambda _module: {"val": float(next(values))}


def test_a_resumed_run_ends_with_the_parameters_of_an_uninterrupted_one(tmp_path: Path) -> None:
    config = replace(TINY, dropout=0.1)
    torch.manual_seed(7)
    whole = fit(tiny_dual(config=config), batches, rising(), OPTIONS, tmp_path / "whole")  # type: ignore[arg-type]
    torch.manual_seed(7)
    fit(tiny_dual(config=config), batches, rising(), OPTIONS, tmp_path / "cut", stop_after=6)  # type: ignore[arg-type]
    torch.manual_seed(99)  # what a new process would have
    other = tiny_dual(5, config=config)
    resumed = fit(other, batches, rising(), OPTIONS, tmp_path / "cut", resume=True)  # type: ignore[arg-type]
    assert resumed.steps == whole.steps == 12
    torch.testing.assert_close(resumed.module.state_dict(), whole.module.state_dict(), rtol=0, atol=0)
    for name in ("train.csv", "validation.csv"):
        rows = [
            [int(row["step"]) for row in csv.DictReader((tmp_path / run / name).open())]
            for run in ("whole", "cut")
        ]
        assert rows[0] == rows[1]


def test_chunks_give_the_training_that_a_whole_batch_gives(tmp_path: Path) -> None:
    options = replace(OPTIONS, steps=3)
    whole = fit(tiny_dual(), batches, rising(), options, tmp_path / "a")  # type: ignore[arg-type]
    cached = fit(tiny_dual(), chunked, rising(), options, tmp_path / "b")  # type: ignore[arg-type]
    torch.testing.assert_close(cached.module.state_dict(), whole.module.state_dict(), rtol=1e-3, atol=1e-4)


def test_the_weights_of_the_best_validation_are_kept_and_patience_ends_training(tmp_path: Path) -> None:
    kept: list[dict[str, torch.Tensor]] = []

    def falling(module: torch.nn.Module) -> dict[str, float]:
        kept.append({name: value.clone() for name, value in module.state_dict().items()})
        return {"val": -float(len(kept))}

    fitted = fit(tiny_dual(), batches, falling, replace(OPTIONS, steps=100, patience=2), tmp_path)
    assert (fitted.best_step, fitted.steps) == (4, 12)
    torch.testing.assert_close(fitted.module.state_dict(), kept[0])


def test_a_state_of_other_options_is_refused(tmp_path: Path) -> None:
    fit(tiny_dual(), batches, rising(), OPTIONS, tmp_path, stop_after=4)  # type: ignore[arg-type]
    with pytest.raises(TrainingError, match="another lr"):
        fit(tiny_dual(), batches, rising(), replace(OPTIONS, lr=0.5), tmp_path, resume=True)  # type: ignore[arg-type]
    with pytest.raises(TrainingError, match="nothing to resume"):
        fit(tiny_dual(), batches, rising(), OPTIONS, tmp_path / "no", resume=True)  # type: ignore[arg-type]


def test_a_metric_that_is_not_measured_cannot_select(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="'recall' is none of val"):
        fit(tiny_dual(), batches, rising(), replace(OPTIONS, select="recall"), tmp_path)  # type: ignore[arg-type]
