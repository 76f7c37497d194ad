"""The experts on a corpus beside the dual encoder, with and without query bank, and what is transductive.

The headline, named before any test was looked at, is ``CAMoE``: the mean of the dual encoder's cosine and the
experts' score, with the weight that validation chose. What looks at other queries of the test says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vtr.evaluation.corpus.read import Corpus
from vtr.evaluation.metrics.checks import Bools, Ints
from vtr.evaluation.metrics.hubness import hubness
from vtr.evaluation.metrics.intervals import paired_bootstrap
from vtr.evaluation.metrics.ranks import recall_at, retrieval_metrics, target_ranks
from vtr.evaluation.metrics.rows import TEXT_TO_VIDEO, ResultRow, rows_of
from vtr.evaluation.metrics.scorers import QueryBank, dual_softmax
from vtr.models.dual.rows import CHANCE, DUAL
from vtr.models.dual.states import CorpusStates
from vtr.models.heads.camoe.bank import K, background_texts
from vtr.models.heads.camoe.checkpoint import load_camoe
from vtr.models.heads.camoe.data import TextReader
from vtr.models.heads.camoe.galleries import ALL, BASES, HARD, Galleries, Scores, similarities
from vtr.models.heads.camoe.head import Camoe
from vtr.models.training.checkpoints import CARD, Card, CheckpointError

CAMOE, ALONE = "CAMoE", "CAMoE, experts alone"
BANKED = "CAMoE, query bank for the experts alone"
BANK, SOFTMAX = " + query bank", " + dual softmax over the test"
ABLATIONS = "ablations"
"""Folder of a checkpoint in which :mod:`vtr.models.heads.camoe.ablate` leaves others."""


@dataclass(frozen=True)
class _Method:
    """``scores`` [Q, N] of a split's queries, ``bank`` [B, N] of background queries with the same videos."""

    name: str
    scores: Scores
    bank: Scores | None = None
    beta: float = 0.0


def evaluate_camoe(
    checkpoint: Path,
    corpus: Corpus,
    states: CorpusStates,
    *,
    split: str = "test",
    seed: int,
    data: str = "generated",
) -> list[ResultRow]:
    """The head in ``checkpoint`` and its baselines on ``split``, as rows; empty for a split without videos.

    Galleries: base videos, all with their edits, hard galleries. ``R@1 gain`` is over the dual encoder on
    the same queries, ``low`` the lower end of its 95 % interval over them. ``hubness`` is the skewness of
    the 10-occurrence. Heads that :mod:`vtr.models.heads.camoe.ablate` left beside the checkpoint are rows.
    Raises :class:`CheckpointError` for a head of another dual encoder.
    """
    if not corpus.split(split):
        return []
    galleries = Galleries.of(corpus, split)
    methods = list(_methods(checkpoint, corpus, states, galleries))
    found: list[ResultRow] = []
    for kind, called in ((BASES, data), (ALL, f"{data}, with edits"), (HARD, f"{data}, hard galleries")):
        size = galleries.size(kind)
        if not size:
            continue
        measured = _measured(galleries, kind, methods)
        queries = len(galleries.ranks(kind, methods[0].scores))
        for name, transductive, metrics in [(CHANCE, False, {"R@1": 100 / size}), *measured]:
            found += rows_of(
                metrics,
                task=TEXT_TO_VIDEO,
                data=called,
                split=split,
                method=name,
                seed=seed,
                gallery=size,
                queries=queries,
                transductive=transductive,
                baseline=name == CHANCE or name.startswith(DUAL),
            )
    return found


def _measured(
    galleries: Galleries, kind: str, methods: Sequence[_Method]
) -> Iterator[tuple[str, bool, dict[str, float]]]:
    """Name, whether it is transductive, and metrics of each of ``methods`` and its re-scored forms."""
    dual = galleries.ranks(kind, methods[0].scores) == 1
    for method in methods:
        if kind == HARD:
            ranks = galleries.ranks(kind, method.scores)
            yield method.name, False, {"R@1": recall_at(ranks, 1), **_gain(method.name, ranks, dual)}
            continue
        (plain,) = galleries.parts(kind, method.scores)
        forms: list[tuple[str, bool, Scores]] = [(method.name, False, plain)]
        if method.bank is not None:
            bank = QueryBank.of(galleries.block(kind, method.bank), method.beta)
            forms.append((method.name + BANK, False, bank.normalise(plain)))
            forms.append((method.name + SOFTMAX, True, dual_softmax(plain)))
        for name, transductive, scores in forms:
            ranks = target_ranks(scores, range(len(scores)))
            yield (
                name,
                transductive,
                {**retrieval_metrics(ranks), "hubness": hubness(scores, K), **_gain(name, ranks, dual)},
            )


def _gain(name: str, ranks: Ints, dual: Bools) -> dict[str, float]:
    if name == DUAL:
        return {}
    gain = paired_bootstrap(ranks == 1, dual)
    return {"R@1 gain": 100 * gain.mean, "R@1 gain, low": 100 * gain.low}


def _methods(
    checkpoint: Path, corpus: Corpus, states: CorpusStates, galleries: Galleries
) -> Iterator[_Method]:
    """The dual encoder first, then the experts, then those without one of their parts."""
    videos = [record.id for record in galleries.records]
    head, card = _checked(checkpoint, states)
    reader = TextReader(states, head.config.experts)
    found = similarities(head.encoder, states, reader, galleries.captions, videos)
    bank = similarities(head.encoder, states, reader, background_texts(corpus), videos)
    weight, betas = float(card.metrics["val"]["weight"]), card.metrics["bank"]
    yield _Method(DUAL, found.dual, bank.dual, betas["dual"])
    yield _Method(ALONE, found.head, bank.head, betas["head"])
    yield _Method(CAMOE, found.fused(weight), bank.fused(weight), betas["fused"])
    hubs = QueryBank.of(bank.head, betas["head"])
    yield _Method(BANKED, replace(found, head=found.head - hubs.log_z / hubs.beta).fused(weight))
    for folder in sorted((checkpoint / ABLATIONS).glob(f"*/{CARD}")):
        head, card = _checked(folder.parent, states)
        reader = TextReader(states, head.config.experts)
        found = similarities(head.encoder, states, reader, galleries.captions, videos)
        name = f"{CAMOE}, {folder.parent.name}, {card.metrics['steps']} steps"
        yield _Method(name, found.fused(float(card.metrics["val"]["weight"])))


def _checked(checkpoint: Path, states: CorpusStates) -> tuple[Camoe, Card]:
    head, card = load_camoe(checkpoint)
    if card.data.get("base") != states.base:
        raise CheckpointError(f"{checkpoint}: was trained on another dual encoder than these states are of")
    return head, card
