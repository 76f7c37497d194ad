"""Adverbs by the cosine between a clip and "action adverb", without training."""

from __future__ import annotations

from dataclasses import replace

from vtr.evaluation.datasets.base import AdverbDataset
from vtr.evaluation.datasets.files import DatasetError
from vtr.evaluation.metrics.adverbs import AdverbPrior, AdverbScores, adverb_metrics, any_action, given_action
from vtr.evaluation.metrics.rows import ADVERBS, ResultRow
from vtr.models.benchmarks.gallery import present, see, texts, vectors
from vtr.models.benchmarks.task import Asked

TRAIN = "train"


def measure_adverbs(dataset: AdverbDataset, asked: Asked) -> list[ResultRow]:
    """With the action given and not; what training says about adverbs, given the action, is the baseline
    (left out where its annotations are not there)."""
    videos = {v.id: v for v in present(dataset.videos(asked.split), skip_missing=asked.skip_missing)}
    clips = [clip for clip in dataset.clips(asked.split) if clip.video in videos]
    parts = [
        replace(videos[clip.video], id=clip.id, start_s=clip.start_s, end_s=clip.end_s) for clip in clips
    ]
    seen = see(asked.encoder, parts, asked.sample, frames=asked.frames, progress=asked.progress)
    adverbs = tuple(sorted(dataset.antonyms))
    pairs = [(action, adverb) for action in sorted({clip.action for clip in clips}) for adverb in adverbs]
    phrases = texts(asked.encoder, [f"{action} {adverb}" for action, adverb in pairs])
    scores = vectors(seen, [clip.id for clip in clips]) @ phrases.T
    actions, true = [clip.action for clip in clips], [clip.adverb for clip in clips]

    def rows(found: AdverbScores, given: str, method: str | None = None) -> list[ResultRow]:
        return asked.rows(
            adverb_metrics(found, true, dataset.antonyms, ties="half" if method else "wrong"),
            task=ADVERBS,
            data=f"{dataset.name}, action {given}",
            method=method,
            gallery=len(clips),
            queries=len(set(true)),
            baseline=method is not None,
        )

    prior = _prior(dataset, adverbs)
    return [
        *(rows(prior.score(actions), "given", "prior of training") if prior else []),
        *rows(given_action(scores, pairs, actions), "given"),
        *rows(any_action(scores, pairs), "not given"),
    ]


def _prior(dataset: AdverbDataset, adverbs: tuple[str, ...]) -> AdverbPrior | None:
    try:
        train = dataset.clips(TRAIN)
    except DatasetError:
        return None
    return AdverbPrior(adverbs).fit([clip.action for clip in train], [clip.adverb for clip in train])
