"""One seed from nothing to rows: every method that is not trained yet is trained, then all is measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vtr.evaluation.corpus.read import Corpus, open_corpus
from vtr.evaluation.metrics.rows import ResultRow
from vtr.models.runs.command import card_command
from vtr.models.runs.evaluation import Measuring, measure, methods_in
from vtr.models.runs.methods import AUDIO, DUAL, HEADS, METHODS, Progress
from vtr.models.runs.training import Decoders, Training, train, what_is_missing
from vtr.models.training.loop import STATE

MINUTES: Mapping[str, float] = {DUAL: 35, "covr": 4, "vlgnet": 8, "camoe": 5, "regada": 8, AUDIO: 3}
"""How long each training took on one core of a server, about."""
MEASURING_MINUTES = 4.0


@dataclass(frozen=True)
class Seed:
    """``seed`` in the directory ``run``. ``steps``: of methods that are to be trained for another number of
    steps than their own. With ``training`` False, what is there is measured."""

    seed: int
    run: Path
    corpus: Path
    decode: Decoders
    methods: tuple[str, ...] = METHODS
    steps: Mapping[str, int] = field(default_factory=dict)
    frames: Path | None = None
    sounds: Path | None = None
    training: bool = True

    def trainings(self) -> list[Training]:
        """The training of each method, in their order."""
        return [self._training(method) for method in self.methods]

    def _training(self, method: str) -> Training:
        out = self.run / method
        steps = self.steps.get(method)
        return Training(
            method=method,
            corpus=self.corpus,
            out=out,
            decode=self.decode,
            base=self.run / DUAL if method in HEADS else None,
            frames=self.frames,
            sounds=self.sounds,
            seed=self.seed,
            steps=steps,
            resume=(out / STATE).exists(),
            command=card_command(method, {"--seed": self.seed, "--steps": steps}),
        )

    def missing(self, corpus: Corpus) -> dict[str, str]:
        """Which methods have to be trained, and why; heads follow a dual encoder that has to."""
        if not self.training:
            return {}
        found: dict[str, str] = {}
        for training in self.trainings():
            if training.base is not None and DUAL in found:
                found[training.method] = "the dual encoder is trained first"
            elif reason := what_is_missing(training, corpus):
                found[training.method] = reason
        return found

    def to_measure(self) -> tuple[str, ...]:
        """Those of ``methods`` that the run holds, once it is trained. Raises ``ValueError`` for none."""
        there = methods_in(self.run)
        found = tuple(method for method in self.methods if method in there)
        if not found:
            raise ValueError(f"{self.run}: holds no checkpoint of {', '.join(self.methods)}")
        return found


def run_seed(seed: Seed, progress: Progress = lambda _share, _text: None) -> dict[str, list[ResultRow]]:
    """Trains what is missing and measures everything; rows by method, written beside each checkpoint.

    Raises ``ValueError`` (of which the errors of corpora, features, checkpoints and training are).
    """
    corpus = open_corpus(seed.corpus)
    missing = seed.missing(corpus)
    for training in seed.trainings():
        if training.method in missing:
            train(training, _named(training.method, progress))
    return measure(
        Measuring(
            seed.run, seed.corpus, seed.decode, seed.to_measure(), frames=seed.frames, sounds=seed.sounds
        ),
        progress,
    )


def expected_minutes(missing: Mapping[int, Mapping[str, str]], workers: int) -> float:
    """How long it may take until the seeds of which methods are ``missing`` are trained and measured."""
    each = [sum(MINUTES[method] for method in of_seed) + MEASURING_MINUTES for of_seed in missing.values()]
    return max(max(each, default=0.0), sum(each) / max(1, workers))


def _named(method: str, progress: Progress) -> Progress:
    return lambda share, text: progress(share, f"{method}, {text}")
