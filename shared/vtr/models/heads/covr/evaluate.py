"""The composer and what it is compared with, on one split, in one run.

Nothing here looks at other queries: no number is transductive.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vtr.evaluation.corpus.read import Corpus
from vtr.evaluation.metrics.rows import COMPOSED, ResultRow, rows_of
from vtr.models.dual.rows import CHANCE
from vtr.models.dual.states import CorpusStates
from vtr.models.heads.covr.baselines import RIDGES, LinearComposer, best_weight, weighted
from vtr.models.heads.covr.checkpoint import load_covr
from vtr.models.heads.covr.data import ComposedData
from vtr.models.heads.covr.head import Covr
from vtr.models.heads.covr.search import KS, ComposedSearch, by_factor, composed, metrics

COVR, TEXT, VIDEO = "CoVR", "text alone", "video alone"
MEAN, WEIGHTED, LINEAR = "mean of both", "weighted mean of both", "linear composition"
FROM_BASE, HARD = "examples that have several edits", "hard galleries"

Floats = NDArray[np.float32]


def evaluate_covr(
    checkpoint: Path,
    corpus: Corpus,
    states: CorpusStates,
    *,
    split: str = "test",
    seed: int,
    data: str = "generated",
) -> list[ResultRow]:
    """Rows of ``split``: every triplet among all videos that look different, less the example itself; those
    whose example is a base alone; and each among the siblings of its example alone, by kind of change.

    An edit lies nearest to its base, so half of all queries, which lead back to it, are mostly answered
    by the example alone; a base has several edits, and which is asked for the text alone says.

    Baselines: chance; the modification text or the example alone; the direction halfway between them (what a
    search does without a trained composer); their sum weighted as is best on ``val``; and a linear map of
    both to the change, fitted on the triplets of ``train`` and chosen on ``val``. Empty where the split has
    no video.
    """
    if not corpus.split(split):
        return []
    head, _ = load_covr(checkpoint)
    source = ComposedData(corpus, states)
    search = ComposedSearch.of(corpus, states, split)
    queries = {**_baselines(source, search), COVR: composed(head, source, search.triplets)}
    bases = np.flatnonzero([corpus.videos[t.reference].member == "base" for t in search.triplets])
    based = search.only(bases)
    siblings = round(float(search.siblings.sum(axis=1).mean()))
    others = len(search.gallery) - 1
    measured = (
        (data, others, search, queries, metrics, chance),
        (f"{data}, {FROM_BASE}", others, based, {n: q[bases] for n, q in queries.items()}, metrics, chance),
        (f"{data}, {HARD}", siblings, search, queries, hard_metrics, hard_chance),
    )
    rows: list[ResultRow] = []
    for name, gallery, asked, vectors, measure, guess in measured:
        found = {CHANCE: guess(asked), **{method: measure(asked, q) for method, q in vectors.items()}}
        for method, values in found.items():
            rows += rows_of(
                values,
                task=COMPOSED,
                data=name,
                split=split,
                method=method,
                seed=seed,
                gallery=gallery,
                queries=len(asked.triplets),
                transductive=False,
                baseline=method != COVR,
            )
    return rows


def validation(head: Covr, data: ComposedData, search: ComposedSearch) -> dict[str, float]:
    """What training is steered by, as ``val``: R@1; and the other metrics."""
    queries = composed(head, data, search.triplets)
    found = metrics(search, queries)
    return {"val": found["R@1"], **found, **hard_metrics(search, queries)}


def hard_metrics(search: ComposedSearch, queries: Floats) -> dict[str, float]:
    """R@1 among the example's siblings, of all queries and by kind of change."""
    ranks = search.hard_ranks(queries)
    return {"hard R@1": 100.0 * float(np.mean(ranks == 1)), **by_factor(search, ranks)}


def chance(search: ComposedSearch) -> Mapping[str, float]:
    """What a random order of the gallery without the example reaches, on average."""
    size = len(search.gallery) - 1
    middle = (size + 1) / 2
    return {**{f"R@{k}": 100.0 * min(k, size) / size for k in KS}, "MedR": middle, "MeanR": middle}


def hard_chance(search: ComposedSearch) -> dict[str, float]:
    """As :func:`hard_metrics`, of a random choice among the siblings."""
    guess = 100.0 / search.siblings.sum(axis=1)
    factors = np.array([triplet.factor for triplet in search.triplets])
    parts = {f"R@1 {f}": float(guess[factors == f].mean()) for f in dict.fromkeys(factors.tolist())}
    return {"hard R@1": float(guess.mean()), **parts}


def _baselines(source: ComposedData, search: ComposedSearch) -> dict[str, Floats]:
    """The queries [Q, D] of each baseline that is a vector."""
    train = ComposedSearch.of(source.corpus, source.states, "train")
    val = ComposedSearch.of(source.corpus, source.states, "val")
    asked, learned, chosen = (_parts(source, s) for s in (search, train, val))
    fits = [LinearComposer.fit(*learned, train.vectors[train.targets], ridge) for ridge in RIDGES]
    scores = [np.mean(val.ranks(fit(*chosen)) == 1) for fit in fits]
    return {
        TEXT: asked[1],
        VIDEO: asked[0],
        MEAN: weighted(*asked, 1.0),
        WEIGHTED: weighted(*asked, best_weight(val, *chosen)),
        LINEAR: fits[int(np.argmax(scores))](*asked),
    }


def _parts(source: ComposedData, search: ComposedSearch) -> tuple[Floats, Floats]:
    """The examples' and the texts' vectors, [Q, D] each."""
    texts = source.texts([triplet.text for triplet in search.triplets])
    return search.vectors[search.examples], np.stack([states.vector for states in texts])
