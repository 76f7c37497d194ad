"""The training loop of every head: AdamW, averaged weights, validation, early stopping, resume, a CSV log."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn

from vtr.models.heads.base import TOTAL, TensorBatch
from vtr.models.losses.gradcache import cached_backward
from vtr.models.training.csv_log import CsvLog
from vtr.models.training.ema import Ema
from vtr.models.training.options import TrainOptions

BatchT = TypeVar("BatchT", bound=TensorBatch)
STATE, LOG, VALIDATION_LOG = "training.pt", "train.csv", "validation.csv"
_LOG_EVERY = 10
_EXTENDABLE = {"steps", "minutes"}
"""What a resumed training may change: it goes on with the schedule of the longer one."""


class TrainingError(ValueError):
    """Training cannot go on; the message says why."""


@runtime_checkable
class CachedHead(Protocol):
    """A head whose batch may come in several chunks, by gradient caching."""

    def embed(self, batch: Any) -> Sequence[Tensor]: ...

    def loss_of(self, embeddings: Sequence[Tensor], batches: Sequence[Any]) -> dict[str, Tensor]: ...


@dataclass
class Fitted:
    """``module``: the averaged weights with the best validation; ``metrics``: that validation's."""

    module: nn.Module
    metrics: dict[str, float]
    best_step: int
    steps: int
    elapsed_s: float
    history: list[dict[str, float]] = field(default_factory=list)


def seed_everything(seed: int) -> None:
    """Seeds torch, numpy and random, for what is drawn outside of seeded generators (weights, dropout)."""
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)


def fit(
    head: nn.Module,
    batches: Callable[[int], Sequence[TensorBatch]],
    validate: Callable[[nn.Module], Mapping[str, float]],
    options: TrainOptions,
    out: Path,
    *,
    resume: bool = False,
    progress: Callable[[float, str], None] = lambda _share, _text: None,
    stop_after: int | None = None,
) -> Fitted:
    """Trains ``head`` (a :class:`vtr.models.heads.base.Head`) in place.

    ``batches(step)`` gives a step's batch as chunks, a function of the step alone; more than one chunk needs
    a :class:`CachedHead`. ``validate`` gets the averaged weights in eval mode and returns
    ``options.select`` among its metrics. ``out`` holds the logs and, after each validation, the state from
    which ``resume`` goes on to the same parameters. ``stop_after``: interrupts after that step.
    Raises :class:`TrainingError` for a loss that is not finite or a state of other options.
    """
    out.mkdir(parents=True, exist_ok=True)
    optimizer = torch.optim.AdamW(_groups(head, options.weight_decay), lr=options.lr, betas=(0.9, 0.98))
    ema = Ema(head, options.ema)
    state: dict[str, Any] = {"step": 0, "elapsed_s": 0.0, "best": None, "stale": 0, "history": []}
    if resume:
        state = _restore(out / STATE, head, ema, optimizer, options)
    log = CsvLog(out / LOG, keep_until=state["step"])
    validation_log = CsvLog(out / VALIDATION_LOG, keep_until=state["step"])
    before = time.monotonic() - state["elapsed_s"]
    step, means = state["step"], _Means()
    head.train()
    while True:
        elapsed_s = time.monotonic() - before
        over = options.progress(step, elapsed_s)
        if over >= 1 or state["stale"] >= options.patience:
            break
        rate = options.rate(step, over)
        for group in optimizer.param_groups:
            group["lr"] = rate
        losses = _step(head, batches(step), optimizer, options)
        ema.update(head, step)
        step += 1
        means.add(losses)
        if step % _LOG_EVERY == 0:
            row = means.take()
            log.write({"step": step, "lr": f"{rate:.3g}", "elapsed_s": f"{elapsed_s:.1f}", **_short(row)})
            progress(over, f"step {step}, loss {row[TOTAL]:.3f}")
        if step % options.evaluate_every == 0:
            _validated(
                state, validate, ema, options=options, step=step, log=validation_log, progress=progress
            )
            state |= {"step": step, "elapsed_s": time.monotonic() - before}
            _save(out / STATE, state, head, ema, optimizer=optimizer, options=options)
        if stop_after is not None and step >= stop_after:
            break
    if not state["history"] or state["history"][-1]["step"] != step:
        _validated(state, validate, ema, options=options, step=step, log=validation_log, progress=progress)
    progress(1.0, f"step {step}")
    best = state["best"]
    ema.module.load_state_dict(best["weights"])
    ema.module.eval()
    return Fitted(
        ema.module, best["metrics"], best["step"], step, time.monotonic() - before, state["history"]
    )


def _step(
    head: nn.Module, chunks: Sequence[TensorBatch], optimizer: torch.optim.Optimizer, options: TrainOptions
) -> dict[str, float]:
    optimizer.zero_grad()
    half = torch.autocast("cpu", torch.bfloat16, enabled=options.precision == "bfloat16")
    if len(chunks) == 1:
        with half:
            losses = head.loss(chunks[0])  # type: ignore[operator]
        losses[TOTAL].backward()
    else:
        if not isinstance(head, CachedHead):
            raise TrainingError(f"{type(head).__name__}: takes no batch in chunks")
        losses = {}

        def loss_of(embeddings: Sequence[Tensor]) -> Tensor:
            losses.update(head.loss_of(embeddings, chunks))
            total: Tensor = losses[TOTAL]
            return total

        with half:
            cached_backward(chunks, head.embed, loss_of)
    value = float(losses[TOTAL].detach())
    if not np.isfinite(value):
        raise TrainingError(f"loss: {value}; a lower learning rate may help")
    nn.utils.clip_grad_norm_(head.parameters(), options.clip)
    optimizer.step()
    head.after_step()  # type: ignore[operator]
    return {name: float(part.detach()) for name, part in losses.items()}


def _groups(head: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Vectors and scalars (biases, norms, temperatures) are not decayed."""
    parameters = [p for p in head.parameters() if p.requires_grad]
    return [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]


class _Means:
    """Means of losses since the last report."""

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._count = 0

    def add(self, losses: Mapping[str, float]) -> None:
        for name, value in losses.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._count += 1

    def take(self) -> dict[str, float]:
        found = {name: value / max(1, self._count) for name, value in self._sums.items()}
        self._sums, self._count = {}, 0
        return found


def _validated(
    state: dict[str, Any],
    validate: Callable[[nn.Module], Mapping[str, float]],
    ema: Ema,
    *,
    options: TrainOptions,
    step: int,
    log: CsvLog,
    progress: Callable[[float, str], None],
) -> None:
    metrics = dict(validate(ema.module))
    if options.select not in metrics:
        raise TrainingError(f"select: {options.select!r} is none of {', '.join(metrics)}")
    log.write({"step": step, **_short(metrics)})
    state["history"].append({"step": step, **metrics})
    progress(step / options.steps, f"step {step}, {options.select} {metrics[options.select]:.3f}")
    if state["best"] is None or metrics[options.select] > state["best"]["metrics"][options.select]:
        weights = {name: value.clone() for name, value in ema.module.state_dict().items()}
        state |= {"best": {"step": step, "metrics": metrics, "weights": weights}, "stale": 0}
    else:
        state["stale"] += 1


def _save(
    path: Path,
    state: dict[str, Any],
    head: nn.Module,
    ema: Ema,
    *,
    optimizer: torch.optim.Optimizer,
    options: TrainOptions,
) -> None:
    saved = {
        **state,
        "head": head.state_dict(),
        "ema": ema.module.state_dict(),
        "optimizer": optimizer.state_dict(),
        "rng": torch.get_rng_state(),
        "options": asdict(options),
    }
    pending = path.with_suffix(".part")
    torch.save(saved, pending)
    pending.replace(path)


def _restore(
    path: Path, head: nn.Module, ema: Ema, optimizer: torch.optim.Optimizer, options: TrainOptions
) -> dict[str, Any]:
    try:
        saved: dict[str, Any] = torch.load(path, weights_only=True)
    except OSError as error:
        raise TrainingError(f"{path}: {error.strerror}; nothing to resume") from error
    given = asdict(options)
    other = sorted(k for k in given if k not in _EXTENDABLE and saved["options"].get(k) != given[k])
    if other:
        raise TrainingError(f"{path}: was trained with another {', '.join(other)}")
    head.load_state_dict(saved.pop("head"))
    ema.module.load_state_dict(saved.pop("ema"))
    optimizer.load_state_dict(saved.pop("optimizer"))
    torch.set_rng_state(saved.pop("rng"))
    del saved["options"]
    return saved


def _short(values: Mapping[str, float]) -> dict[str, str]:
    return {name: f"{value:.5g}" for name, value in values.items()}
