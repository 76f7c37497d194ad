"""The methods that are trained and measured, by name; their modules are imported when asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from vtr.evaluation.corpus.read import Corpus
from vtr.evaluation.metrics.rows import ResultRow
from vtr.models.dual.states import CorpusStates
from vtr.models.training.checkpoints import Card
from vtr.models.training.options import TrainOptions

DUAL, AUDIO, HEADS = "dual", "audio", ("covr", "vlgnet", "camoe", "regada")
METHODS = (DUAL, *HEADS, AUDIO)
"""In the order in which they are trained: heads read the states of the dual encoder."""

Progress = Callable[[float, str], None]


class TrainHead(Protocol):
    """``train_<head>``: trains on ``train``, chooses on ``val``, writes a checkpoint into ``out``."""

    def __call__(
        self,
        corpus: Corpus,
        states: CorpusStates,
        out: Path,
        *,
        config: Any = None,
        options: TrainOptions | None = None,
        resume: bool = False,
        command: str = "",
        progress: Progress = ...,
    ) -> Card: ...


class EvaluateHead(Protocol):
    """``evaluate_<head>``: the head and its baselines on ``split``, as rows of one seed."""

    def __call__(
        self,
        checkpoint: Path,
        corpus: Corpus,
        states: CorpusStates,
        *,
        split: str = "test",
        seed: int,
        data: str = "generated",
    ) -> list[ResultRow]: ...


def head_trainer(head: str) -> TrainHead:
    """``train_<head>``. Raises ``ValueError`` for an unknown head."""
    return cast(TrainHead, getattr(_module(head, "train"), f"train_{head}"))


def head_evaluator(head: str) -> EvaluateHead:
    """``evaluate_<head>``. Raises ``ValueError`` for an unknown head."""
    return cast(EvaluateHead, getattr(_module(head, "evaluate"), f"evaluate_{head}"))


def options_of(
    method: str, *, seed: int, steps: int | None = None, minutes: float | None = None
) -> TrainOptions:
    """How ``method`` is trained by default, with what is given changed."""
    _known(method, METHODS)
    package = f"vtr.models.heads.{method}" if method in HEADS else f"vtr.models.{method}"
    defaults: TrainOptions = import_module(f"{package}.train").OPTIONS
    return replace(defaults, seed=seed, steps=steps or defaults.steps, minutes=minutes)


def chosen_methods(given: Sequence[str]) -> tuple[str, ...]:
    """``given`` in the order in which they are trained. Raises ``ValueError`` for one that is unknown."""
    for method in given:
        _known(method, METHODS)
    return tuple(method for method in METHODS if method in given)


def _module(head: str, name: str) -> Any:
    _known(head, HEADS)
    return import_module(f"vtr.models.heads.{head}.{name}")


def _known(method: str, methods: Sequence[str]) -> None:
    if method not in methods:
        raise ValueError(f"method: {method!r} is none of {', '.join(methods)}")
