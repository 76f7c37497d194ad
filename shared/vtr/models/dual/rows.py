"""What a dual encoder was measured at, as rows of results: itself, its controls, and chance beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from vtr.evaluation.corpus.read import Corpus
from vtr.evaluation.corpus.record import VideoRecord
from vtr.evaluation.metrics.rows import FACTORS, TEXT_TO_VIDEO, VIDEO_TO_TEXT, ResultRow, rows_of
from vtr.models.dual.checkpoint import load_dual
from vtr.models.dual.evaluate import SWAPPED, DualEvaluator, full_captions
from vtr.models.training.features import FeatureStore

DUAL, CHANCE = "dual encoder", "chance"
SHUFFLED, BAG = "dual encoder, frames shuffled", "dual encoder, words shuffled"
_CONTROLS = {SHUFFLED: "shuffled_frames/", BAG: "bag_of_words/"}
_UNSEEN = frozenset({"sound", "word"})


def evaluate_dual(
    checkpoint: Path, corpus: Corpus, frames: FeatureStore, *, split: str, seed: int, data: str = "generated"
) -> list[ResultRow]:
    """The dual encoder in ``checkpoint`` on ``split``: no number looks at other queries.

    Random galleries (the bases, both directions), all videos with each scene's edits beside it, hard
    galleries, captions against the same with one factor swapped. Chance and the controls, which see shuffled
    frames or read shuffled words, are baselines. Empty where the split has no video.
    """
    records = corpus.split(split)
    if not records:
        return []
    model, vocabulary, _ = load_dual(checkpoint)
    found = DualEvaluator(corpus, frames, vocabulary).split(model, split)
    return dual_rows(found, corpus, split=split, seed=seed, data=data)


def dual_rows(
    found: Mapping[str, float], corpus: Corpus, *, split: str, seed: int, data: str = "generated"
) -> list[ResultRow]:
    """The metrics ``found`` of :meth:`DualEvaluator.split` as rows."""
    records = corpus.split(split)
    bases = sum(record.member == "base" for record in records)
    seen = sum(record.member not in _UNSEEN for record in records)
    asked = sum(len(g.videos) for g in corpus.galleries if g.split == split)
    galleries = sum(g.split == split for g in corpus.galleries)
    pairs = _pairs(records)

    def rows(
        prefix: str, task: str, name: str, *, gallery: int, queries: int, chance: Mapping[str, float]
    ) -> list[ResultRow]:
        rows = []
        for method, own in ({CHANCE: None, **_CONTROLS, DUAL: ""}).items():
            values = chance if own is None else _under(found, own + prefix)
            rows += rows_of(
                {metric: value for metric, value in values.items() if metric in chance},
                task=task,
                data=name,
                split=split,
                method=method,
                seed=seed,
                gallery=gallery,
                queries=queries,
                transductive=False,
                baseline=method != DUAL,
            )
        return rows

    whole, edited = _guessing(bases), _guessing(seen)
    found_rows = [
        *rows("t2v/", TEXT_TO_VIDEO, data, gallery=bases, queries=bases, chance=whole),
        *rows("all/", TEXT_TO_VIDEO, f"{data}, with edits", gallery=seen, queries=seen, chance=edited),
        *rows("v2t/", VIDEO_TO_TEXT, data, gallery=bases, queries=bases, chance=whole),
    ]
    if galleries:
        size = max(1, round(asked / galleries))
        guess = {"R@1": found["hard/chance"]}
        hard = f"{data}, hard galleries"
        found_rows += rows("hard/", TEXT_TO_VIDEO, hard, gallery=size, queries=asked, chance=guess)
    if pairs:
        even = dict.fromkeys(pairs, 50.0)
        found_rows += rows("swap/", FACTORS, data, gallery=2, queries=sum(pairs.values()), chance=even)
    return found_rows


def _under(found: Mapping[str, float], prefix: str) -> dict[str, float]:
    return {name.removeprefix(prefix): v for name, v in found.items() if name.startswith(prefix)}


def _guessing(gallery: int) -> dict[str, float]:
    """What a random order of ``gallery`` items reaches, on average."""
    recalls = {f"R@{k}": 100.0 * min(k, gallery) / gallery for k in (1, 5, 10)}
    return {**recalls, "MedR": (gallery + 1) / 2, "MeanR": (gallery + 1) / 2}


def _pairs(records: Sequence[VideoRecord]) -> dict[str, int]:
    """How many videos have a query with each factor swapped; factors that none has are left out."""
    queries = [full_captions(record)[0] for record in records]
    counts = {factor: sum(factor in query.swaps for query in queries) for factor in SWAPPED}
    return {factor: count for factor, count in counts.items() if count}
