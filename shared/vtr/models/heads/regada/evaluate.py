"""ReGaDa and its baselines on a split, as rows of results. No number looks at other queries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vtr.evaluation.corpus.read import Corpus
from vtr.evaluation.corpus.record import AdverbItem
from vtr.evaluation.metrics.binary import binary_accuracy
from vtr.evaluation.metrics.rows import ADVERBS, REGIONS, ResultRow, rows_of
from vtr.models.dual.states import CorpusStates
from vtr.models.heads.regada.adverb_data import AdverbData, AdverbVocabulary
from vtr.models.heads.regada.adverb_head import AdverbHead
from vtr.models.heads.regada.adverb_scores import (
    Scored,
    chance,
    dual_scores,
    head_scores,
    pairs_of,
    prior_scores,
)
from vtr.models.heads.regada.checkpoint import load_regada
from vtr.models.heads.regada.pointing import (
    Question,
    Truth,
    bystander_questions,
    changes,
    dual_fit,
    event_questions,
    false_texts,
    look,
)
from vtr.models.heads.regada.region_data import RegionData
from vtr.models.heads.regada.region_head import RegionHead

HEAD, DUAL, CHANCE = "ReGaDa", "dual encoder", "chance"
PRIOR, PRIOR_LENGTH = "prior", "prior by the event's length"
CENTRE, CHANGE, MISREAD = "centre of the frame", "most changed cell", "ReGaDa, caption of another video"
UNTRIMMED = ", whole video"


def evaluate_regada(
    checkpoint: Path,
    corpus: Corpus,
    states: CorpusStates,
    *,
    split: str = "test",
    seed: int,
    data: str = "generated",
) -> list[ResultRow]:
    """The heads in ``checkpoint`` beside their baselines.

    Adverbs: mAP and Acc-A with the action given and not, of the event's own frames; for the head and the dual
    encoder of the whole video as well. The dual encoder is given a caption that names the thing and its way.
    Where the split has actions in manners that training lacks, those and the others apart.
    Regions: whether the peak of the heat lies in the box of the thing that an event's caption names; whether
    a caption is told from one of another colour or shape.
    """
    head, _ = load_regada(checkpoint)
    rows: list[ResultRow] = []
    if head.adverbs is not None:
        rows += _adverb_rows(head.adverbs, corpus, states, split=split, seed=seed, data=data)
    if head.regions is not None:
        rows += _region_rows(head.regions, corpus, states, split=split, seed=seed, data=data)
    return rows


def _adverb_rows(
    head: AdverbHead, corpus: Corpus, states: CorpusStates, *, split: str, seed: int, data: str
) -> list[ResultRow]:
    config = head.config
    vocabulary = AdverbVocabulary(config.actions, config.adverbs, config.antonyms, config.pairs)
    events = AdverbData(corpus, states, split, vocabulary)
    items = events.items
    if not items:
        return []
    train = [item for item in corpus.adverbs if item.split == "train"]
    pairs = pairs_of(events)
    scored = {
        PRIOR: prior_scores(train, events, config.adverbs),
        PRIOR_LENGTH: prior_scores(train, events, config.adverbs, length=True),
        DUAL: Scored.of(dual_scores(events, pairs), pairs, items),
        DUAL + UNTRIMMED: Scored.of(dual_scores(events, pairs, whole=True), pairs, items),
        HEAD: Scored.of(head_scores(head, events, pairs), pairs, items),
        HEAD + UNTRIMMED: Scored.of(head_scores(head, events, pairs, whole=True), pairs, items),
    }
    found: list[ResultRow] = []
    for group, chosen in _by_training(items).items():
        measured = {method: scores.metrics(chosen, items) for method, scores in scored.items()}
        guess = chance([items[row] for row in chosen])
        for setting, label in (("given", "action given"), ("free", "action not given")):
            values = {CHANCE: guess, **{method: found[setting] for method, found in measured.items()}}
            for method, metrics in values.items():
                found += rows_of(
                    metrics,
                    task=ADVERBS,
                    data=f"{data}{group}, {label}",
                    split=split,
                    method=method,
                    seed=seed,
                    gallery=len(chosen),
                    queries=len(chosen),
                    transductive=False,
                    baseline=not method.startswith(HEAD),
                )
    return found


def _by_training(items: Sequence[AdverbItem]) -> dict[str, list[int]]:
    """Numbers of all items; where training lacks some of their pairs, of both kinds apart."""
    known = [k for k, item in enumerate(items) if item.composition_trained]
    new = [k for k, item in enumerate(items) if not item.composition_trained]
    if not new:
        return {"": known}
    return {", unseen pairs": new, **({", seen pairs": known} if known else {})}


def _region_rows(
    head: RegionHead, corpus: Corpus, states: CorpusStates, *, split: str, seed: int, data: str
) -> list[ResultRow]:
    records = corpus.split(split)
    of_split = RegionData(corpus, states, split)
    questions = event_questions(of_split, records)
    if not questions:
        return []
    found: list[ResultRow] = []

    def add(label: str, method: str, metrics: Mapping[str, float], queries: int, gallery: int) -> None:
        found.extend(
            rows_of(
                metrics,
                task=REGIONS,
                data=f"{data}{label}",
                split=split,
                method=method,
                seed=seed,
                gallery=gallery,
                queries=queries,
                transductive=False,
                baseline=method != HEAD,
            )
        )

    looked = look(head, of_split, questions)
    maps = {MISREAD: look(head, of_split, _misread(questions)).maps, HEAD: looked.maps}
    for method, hit, several in _pointed(of_split, questions, maps):
        add(", the thing that acts", method, {"pointing": 100 * float(hit.mean())}, len(hit), looked.cells)
        if several.any():
            among = hit[several]
            label = ", the thing that acts among several"
            add(label, method, {"pointing": 100 * float(among.mean())}, len(among), looked.cells)
    bystanders = bystander_questions(of_split, records)
    if bystanders:
        maps = {HEAD: look(head, of_split, bystanders).maps}
        for method, hit, _ in _pointed(of_split, bystanders, maps):
            add(", a thing at rest", method, {"pointing": 100 * float(hit.mean())}, len(hit), looked.cells)
    texts = false_texts(records)
    false = [_asking(question, text) for question, text in zip(questions, texts, strict=True)]
    for method, accuracy in (
        (CHANCE, 50.0),
        (DUAL, binary_accuracy(dual_fit(of_split, questions), dual_fit(of_split, false))),
        (HEAD, binary_accuracy(looked.scores, look(head, of_split, false).scores)),
    ):
        add(", colour or shape swapped", method, {"accuracy": accuracy}, len(questions), 2)
    return found


def _pointed(
    data: RegionData, questions: Sequence[Question], maps: Mapping[str, NDArray[np.float32]]
) -> Iterator[tuple[str, NDArray[np.generic], NDArray[np.bool_]]]:
    """Of each method, the hits in all frames in which the thing is seen, and which of these frames show
    several things."""
    truth = Truth.of(data, questions)
    several = truth.several[truth.seen]
    middle = np.ones((len(truth.several), 1, 1), dtype=np.float32)
    yield CHANCE, truth.chance(), several
    for method, of_method in {CENTRE: middle, CHANGE: changes(data, questions), **maps}.items():
        yield method, truth.hits(of_method), several


def _asking(question: Question, text: str) -> Question:
    return Question(question.video, text, question.thing, question.frames)


def _misread(questions: Sequence[Question]) -> list[Question]:
    """The same, with captions from elsewhere in the split."""
    half = len(questions) // 2
    texts = [q.text for q in (*questions[half:], *questions[:half])]
    return [_asking(question, text) for question, text in zip(questions, texts, strict=True)]
