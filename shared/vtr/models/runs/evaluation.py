"""A run is measured: every checkpoint in a seed's directory to rows of results, written beside it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch

from vtr.evaluation.corpus.read import Corpus, open_corpus
from vtr.evaluation.metrics.rows import ResultRow, write_rows
from vtr.evaluation.report.facts import FACTS, Facts, TrainedFacts, machine, versions, write_facts
from vtr.evaluation.report.runs import ROWS
from vtr.models.audio.evaluate import evaluate_audio
from vtr.models.dual.rows import evaluate_dual
from vtr.models.dual.states import CorpusStates
from vtr.models.dual.train import TEST_SPLITS
from vtr.models.runs.methods import AUDIO, DUAL, HEADS, METHODS, Progress, head_evaluator
from vtr.models.runs.training import Decoders, frames_of, sounds_of, states_of
from vtr.models.training.checkpoints import CARD, WEIGHTS, Card, read_card
from vtr.models.training.features import FeatureStore


@dataclass(frozen=True)
class Measuring:
    """The run in directory ``run`` on the corpus in ``corpus``; ``methods`` of None are all that it holds.

    The rest as in :class:`vtr.models.runs.training.Training`. ``splits``: those of them that the corpus has.
    """

    run: Path
    corpus: Path
    decode: Decoders
    methods: tuple[str, ...] | None = None
    splits: Sequence[str] = TEST_SPLITS
    frames: Path | None = None
    sounds: Path | None = None
    states: Path | None = None
    threads: int = 1


def methods_in(run: Path) -> tuple[str, ...]:
    """The methods of which ``run`` holds a checkpoint. Raises ``ValueError`` without a dual encoder."""
    if not (run / DUAL / CARD).exists():
        raise ValueError(f"{run / DUAL}: no {CARD}; a run is a directory with {DUAL}/ and heads beside it")
    return tuple(method for method in METHODS if (run / method / CARD).exists())


def ready(measurings: Sequence[Measuring], workers: int, progress: Progress) -> None:
    """Decodes what ``measurings``, which share a corpus, all read: before several processes do it at once."""
    for first in measurings[:1]:
        corpus = open_corpus(first.corpus)
        frames_of(corpus, first.decode, first.frames, workers=workers, progress=progress)
        if any(AUDIO in (each.methods or methods_in(each.run)) for each in measurings):
            sounds_of(corpus, first.decode, first.sounds, workers=workers, progress=progress)


def measure(
    measuring: Measuring, progress: Progress = lambda _share, _text: None
) -> dict[str, list[ResultRow]]:
    """The rows of each method, which are also written into its directory; and the facts of the run.

    Raises ``ValueError`` (of which the errors of corpora, features and checkpoints are) for a checkpoint of
    another corpus or a head of another dual encoder.
    """
    torch.set_num_threads(measuring.threads)
    before = time.monotonic()
    run, corpus = measuring.run, open_corpus(measuring.corpus)
    methods = measuring.methods or methods_in(run)
    cards = {method: _checked(run, method, corpus) for method in dict.fromkeys((DUAL, *methods))}
    seed = int(cards[DUAL].options["seed"])
    splits = [split for split in measuring.splits if corpus.split(split)]
    needs = _Needs(measuring, corpus, progress)
    found: dict[str, list[ResultRow]] = {}
    for number, method in enumerate(methods):
        rows: list[ResultRow] = []
        for split in splits:
            progress(number / len(methods), f"measuring {method} on {split}")
            rows += needs.rows(method, split, seed)
        write_rows(run / method / ROWS, rows)
        found[method] = rows
    write_facts(run / FACTS, _facts(run, corpus, seed, time.monotonic() - before))
    progress(1.0, "measured")
    return found


class _Needs:
    """What evaluators read, each made when the first one asks for it."""

    def __init__(self, measuring: Measuring, corpus: Corpus, progress: Progress) -> None:
        self._measuring, self._corpus, self._progress = measuring, corpus, progress

    def rows(self, method: str, split: str, seed: int) -> list[ResultRow]:
        """The rows of one method on one split."""
        checkpoint, corpus = self._measuring.run / method, self._corpus
        if method == DUAL:
            return evaluate_dual(checkpoint, corpus, self._frames, split=split, seed=seed)
        if method == AUDIO:
            return evaluate_audio(checkpoint, corpus, self._sounds, self._states, split=split, seed=seed)
        return head_evaluator(method)(checkpoint, corpus, self._states, split=split, seed=seed)

    @cached_property
    def _frames(self) -> FeatureStore:
        given = self._measuring
        return frames_of(self._corpus, given.decode, given.frames, progress=self._progress)

    @cached_property
    def _sounds(self) -> FeatureStore:
        given = self._measuring
        return sounds_of(self._corpus, given.decode, given.sounds, progress=self._progress)

    @cached_property
    def _states(self) -> CorpusStates:
        given = self._measuring
        base = given.run / DUAL
        return states_of(base, self._corpus, self._frames, given.states, progress=self._progress)


def _checked(run: Path, method: str, corpus: Corpus) -> Card:
    card = read_card(run / method)
    if card.head != method:
        raise ValueError(f"{run / method}: is a checkpoint of {card.head}, not of {method}")
    if card.data.get("corpus") != corpus.manifest.sha256:
        raise ValueError(f"{run / method}: was trained on another corpus than {corpus.root}")
    if method in HEADS and card.data.get("base") != read_card(run / DUAL).sha256:
        raise ValueError(f"{run / method}: was trained on another dual encoder than {run / DUAL}")
    return card


def _facts(run: Path, corpus: Corpus, seed: int, took_s: float) -> Facts:
    manifest = corpus.manifest
    return Facts(
        seed=seed,
        machine=machine(),
        versions=versions(),
        corpus={**manifest.sha256},
        generator=manifest.generator_version,
        videos=manifest.options.videos,
        corpus_seed=manifest.options.seed,
        took_s=round(took_s, 1),
        trained=[_trained(run, method, read_card(run / method)) for method in methods_in(run)],
    )


def _trained(run: Path, method: str, card: Card) -> TrainedFacts:
    return TrainedFacts(
        method=method,
        parameters=card.parameters,
        size_bytes=(run / method / WEIGHTS).stat().st_size,
        steps=int(card.metrics.get("steps", 0)),
        train_s=float(card.metrics.get("train_s", 0.0)),
        select=str(card.options.get("select", "")),
        sha256=card.sha256,
        command=card.command,
    )
