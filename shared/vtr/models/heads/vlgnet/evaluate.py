"""The moment head and what it is compared with, on one split, in one run.

Nothing here looks at other queries: no number is transductive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from vtr.evaluation.corpus.read import Corpus
from vtr.evaluation.datasets.base import MomentQuery
from vtr.evaluation.metrics.moments import moment_metrics
from vtr.evaluation.metrics.rows import MOMENTS, TEXT_TO_VIDEO, ResultRow, rows_of
from vtr.models.dual.rows import CHANCE, DUAL
from vtr.models.dual.states import CorpusStates
from vtr.models.heads.vlgnet.checkpoint import load_vlgnet
from vtr.models.heads.vlgnet.data import MomentData
from vtr.models.heads.vlgnet.model import VlgNet
from vtr.models.heads.vlgnet.predict import of_chance, of_head, of_prior, of_windows, predict
from vtr.models.heads.vlgnet.rerank import (
    caption_search,
    chance,
    choose,
    event_search,
    metrics,
    moment_scores,
    reranked,
)

VLGNET, WINDOW, ANCHOR, PRIOR = (
    "VLG-Net",
    "best window of cosine",
    "random anchor",
    "prior of training moments",
)
RERANKED = f"{DUAL} + VLG-Net"
ONE_EVENT, WHOLE_CAPTIONS = "one event asked for", "with edits, some captions"


def evaluate_vlgnet(
    checkpoint: Path,
    corpus: Corpus,
    states: CorpusStates,
    *,
    split: str = "test",
    seed: int,
    data: str = "generated",
) -> list[ResultRow]:
    """Rows of ``split``: moments of every event's captions by the head, by a random anchor, by where moments
    of training lie, and by windows of the dual encoder's cosine; then videos by a caption of one event,
    and by one of everything, as the dual encoder has them and with its best ones re-ranked by their best
    moment. Empty where the split has no video."""
    if not corpus.split(split):
        return []
    head, _ = load_vlgnet(checkpoint)
    asked = MomentData(corpus, states, split)
    train = MomentData(corpus, states, "train").queries()
    return [
        *_moments(head, asked, train, seed=seed, data=data),
        *_videos(head, MomentData(corpus, states, "val"), asked, seed=seed, data=data),
    ]


def _moments(
    head: VlgNet, asked: MomentData, train: Sequence[MomentQuery], *, seed: int, data: str
) -> list[ResultRow]:
    queries = asked.queries()
    scorers = {
        ANCHOR: of_chance(seed),
        PRIOR: of_prior(train),
        WINDOW: of_windows(asked),
        VLGNET: of_head(head),
    }
    lengths = [len(asked.video(query.video).features) for query in queries]
    candidates = round(sum(n * (n + 1) / 2 for n in lengths) / len(lengths))
    rows: list[ResultRow] = []
    for method, score in scorers.items():
        predicted = predict(score, asked, queries)
        rows += rows_of(
            moment_metrics(predicted, [query.windows for query in queries]),
            task=MOMENTS,
            data=data,
            split=asked.split,
            method=method,
            seed=seed,
            gallery=candidates,
            queries=len(queries),
            transductive=False,
            baseline=method != VLGNET,
        )
    return rows


def _videos(head: VlgNet, val: MomentData, asked: MomentData, *, seed: int, data: str) -> list[ResultRow]:
    rows: list[ResultRow] = []
    for search, name in ((event_search, ONE_EVENT), (caption_search, WHOLE_CAPTIONS)):
        # For each kind of text what is best on validation; a card's weight has to suit both at once.
        tuned, made = search(val), search(asked)
        how = choose([(tuned, moment_scores(head, val, tuned))])
        order = reranked(made, moment_scores(head, asked, made)[how.reduce], how.weight)
        found: dict[str, Mapping[str, float]] = {
            CHANCE: chance(made),
            DUAL: metrics(made),
            RERANKED: metrics(made, order),
        }
        for method, values in found.items():
            rows += rows_of(
                values,
                task=TEXT_TO_VIDEO,
                data=f"{data}, {name}",
                split=asked.split,
                method=method,
                seed=seed,
                gallery=len(made.videos),
                queries=len(made.texts),
                transductive=False,
                baseline=method != RERANKED,
            )
    return rows
