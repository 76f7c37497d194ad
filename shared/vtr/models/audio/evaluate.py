"""What sound adds to retrieval: the audio model beside a dual encoder, which is deaf.

No number looks at other queries. Texts that name nothing but what is heard are the ones that a deaf search
can only guess at; those of all that is seen and heard, those of what is seen alone, and pairs that differ in
sound alone stand beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from vtr.evaluation.corpus.read import Corpus
from vtr.evaluation.corpus.record import VideoRecord
from vtr.evaluation.metrics.binary import binary_accuracy
from vtr.evaluation.metrics.ranks import first_hit_ranks, recall_at, retrieval_metrics
from vtr.evaluation.metrics.rows import SOUND, ResultRow, rows_of
from vtr.models.audio.checkpoint import load_audio
from vtr.models.audio.heard import BOTH, FULL
from vtr.models.audio.infer import embed_sounds, embed_texts
from vtr.models.audio.queries import Questions, heard_questions, sound_pairs, told_questions
from vtr.models.audio.train import check_features
from vtr.models.audio.weighing import weights_of
from vtr.models.dual.corpus_states import CorpusStates
from vtr.models.dual.infer import embed_texts as embed_seen
from vtr.models.training.features import FeatureStore

WITH, WITHOUT, ALONE, CHANCE = "with sound", "without sound", "sound alone", "chance"
CALIBRATED = "with sound, by weighed cosines"
"""The weight of the cosines is chosen on ``val``; ``WITH`` has nothing to choose."""
RANKS, CANDIDATES = 60, 100
"""Of reciprocal rank fusion, and how many each list holds: as the service does for ten answers."""
_SHARES = tuple(np.linspace(0.05, 0.95, 19))
_KS = (1, 5, 10)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """Of questions [Q] and videos [N]: cosines by sight and by sound [Q, N]; ``text`` and ``audio`` [Q], the
    weights of their ranks."""

    seen: Floats
    heard: Floats
    text: Floats
    audio: Floats

    def fused(self) -> Floats:
        """[Q, N] by reciprocal ranks, as the service ranks; the cosines settle what is equal."""
        total = self.text[:, None] * _reciprocal(self.seen) + self.audio[:, None] * _reciprocal(self.heard)
        return total + 1e-9 * np.maximum(self.seen, self.heard)

    def weighed(self, share: float) -> Floats:
        """[Q, N]: cosines, those by sound with the weight ``share`` of a text that names both."""
        own = (share * self.audio / (share * self.audio + (1 - share) * self.text))[:, None]
        return (1 - own) * self.seen + own * self.heard


class SoundSearch:
    """Both models over the videos of one split."""

    def __init__(
        self, checkpoint: Path, features: FeatureStore, states: CorpusStates, records: Sequence[VideoRecord]
    ) -> None:
        self._model, self._words, _ = load_audio(checkpoint)
        check_features(features, self._model.config)
        self._states = states
        self._sounds = embed_sounds(self._model, [features[record.id] for record in records])
        self._videos = states.vectors([record.id for record in records])

    def scores(self, texts: Sequence[str]) -> Scores:
        """Of each text and each video."""
        vectors, senses = embed_texts(self._model, self._words.encode_all(texts))
        longest = self._states.model.config.max_tokens
        numbers = [words[:longest] for words in self._states.vocabulary.encode_all(texts)]
        weights = [weights_of(float(heard), float(seen)) for seen, heard in senses]
        return Scores(
            seen=(embed_seen(self._states.model, numbers) @ self._videos.T).astype(np.float64),
            heard=(vectors @ self._sounds.T).astype(np.float64),
            text=np.array([1.0 if one is None else one.text for one in weights]),
            audio=np.array([0.0 if one is None else one.audio for one in weights]),
        )


def evaluate_audio(
    checkpoint: Path,
    corpus: Corpus,
    features: FeatureStore,
    states: CorpusStates,
    *,
    split: str = "test",
    seed: int,
    data: str = "generated",
) -> list[ResultRow]:
    """The audio model in ``checkpoint`` beside the dual encoder of ``states`` on all videos of ``split``.

    ``data``: texts that name a sound, a word or both, and nothing seen. ``data, seen and heard``: texts of
    everything. ``data, seen alone``: texts that name nothing heard, which sound must not disturb. ``data, a
    sound or a word changed``: which of two videos that differ in it alone. Empty where nothing is heard.
    """
    records = corpus.split(split)
    heard = heard_questions(records)
    if not heard.texts:
        return []
    share = chosen_share(checkpoint, corpus, features, states)
    search = SoundSearch(checkpoint, features, states, records)
    found: list[ResultRow] = []
    for name, questions in (
        (data, heard),
        (f"{data}, seen and heard", told_questions(records, BOTH)),
        (f"{data}, seen alone", told_questions(records, FULL)),
    ):
        scores = search.scores(questions.texts)
        methods = {
            CHANCE: chance(questions),
            WITHOUT: _recalls(scores.seen, questions),
            ALONE: _recalls(scores.heard, questions),
            CALIBRATED: _recalls(scores.weighed(share), questions),
            WITH: _recalls(scores.fused(), questions),
        }
        for method, metrics in methods.items():
            found += rows_of(
                metrics,
                task=SOUND,
                data=name,
                split=split,
                method=method,
                seed=seed,
                gallery=len(records),
                queries=len(questions.texts),
                transductive=False,
                baseline=method in {CHANCE, WITHOUT},
            )
    return found + _pairs(search, records, split=split, seed=seed, data=data)


def chosen_share(
    checkpoint: Path, corpus: Corpus, features: FeatureStore, states: CorpusStates, split: str = "val"
) -> float:
    """The share of sound in weighed cosines with the best mean R@1 of both kinds of texts on ``split``."""
    records = corpus.split(split)
    search = SoundSearch(checkpoint, features, states, records)
    asked = [heard_questions(records), told_questions(records, BOTH)]
    scored = [(search.scores(questions.texts), questions) for questions in asked if questions.texts]

    def reached(share: float) -> float:
        ranks = [first_hit_ranks(scores.weighed(share), q.relevant) for scores, q in scored]
        return float(np.mean([recall_at(of_kind, 1) for of_kind in ranks]))

    return float(max(_SHARES, key=reached)) if scored else 0.5


def chance(questions: Questions) -> dict[str, float]:
    """What a random order reaches: R@K is the share of questions with an answer among K drawn videos."""
    right = questions.relevant.sum(axis=1).astype(np.float64)
    every = questions.relevant.shape[1]
    found = {}
    for k in _KS:
        wrong = every - right
        # The chance that all of k drawn are wrong: C(wrong, k) / C(every, k), in logarithms.
        none = np.where(
            wrong >= k,
            np.exp(
                gammaln(wrong + 1)
                - gammaln(np.maximum(wrong - k, 0) + 1)
                - gammaln(every + 1)
                + gammaln(max(every - k, 0) + 1)
            ),
            0.0,
        )
        found[f"R@{k}"] = 100.0 * float(np.mean(1 - none))
    return found


def _recalls(scores: Floats, questions: Questions) -> Mapping[str, float]:
    return retrieval_metrics(first_hit_ranks(scores, questions.relevant), _KS)


def _pairs(
    search: SoundSearch, records: Sequence[VideoRecord], *, split: str, seed: int, data: str
) -> list[ResultRow]:
    pairs = sound_pairs(records)
    if not pairs:
        return []
    scores = search.scores([text for text, _, _ in pairs])
    rows = np.arange(len(pairs))
    right, wrong = (np.array([pair[k] for pair in pairs]) for k in (1, 2))
    found: list[ResultRow] = []
    for method, matrix in ((CHANCE, None), (WITHOUT, scores.seen), (WITH, scores.fused())):
        value = 50.0 if matrix is None else binary_accuracy(matrix[rows, right], matrix[rows, wrong])
        found += rows_of(
            {"accuracy": value},
            task=SOUND,
            data=f"{data}, a sound or a word changed",
            split=split,
            method=method,
            seed=seed,
            gallery=2,
            queries=len(pairs),
            transductive=False,
            baseline=method != WITH,
        )
    return found


def _reciprocal(cosines: Floats) -> Floats:
    """1 / (60 + rank) of the best hundred of each row, 0 of the others."""
    order = np.argsort(-cosines, axis=1, kind="stable")[:, :CANDIDATES]
    found = np.zeros_like(cosines)
    gains = 1.0 / (RANKS + 1 + np.arange(order.shape[1]))
    np.put_along_axis(found, order, gains[None, :], axis=1)
    return found
