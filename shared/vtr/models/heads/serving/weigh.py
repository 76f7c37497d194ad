"""How much a head's score should count beside the cosine, measured as it serves: by its runner, on the dual
encoder's best candidates, on validation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vtr.evaluation.corpus.read import Corpus
from vtr.evaluation.metrics.intervals import paired_bootstrap
from vtr.evaluation.metrics.ranks import recall_at, target_ranks
from vtr.models.dual.evaluate import full_captions
from vtr.models.dual.pairs import UNSEEN
from vtr.models.dual.states import CorpusStates, text_states
from vtr.models.heads.covr.baselines import weighted
from vtr.models.heads.covr.search import ComposedSearch
from vtr.models.heads.serving.protocol import Clip, Composer, HeadRunner, QueryStates, Serving

WEIGHTS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_BATCH = 8
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Weighed:
    """``serving`` with the weight of the best R@1 (the smallest of equals), on if the gain is sure.

    ``before``, ``after``: R@1 in percent of ``queries`` texts among the videos that look different, by the
    cosine alone and with the head; ``low``: the lower end of the gain's 95 % interval over the queries.
    """

    serving: Serving
    queries: int
    before: float
    after: float
    low: float


def weigh(
    runner: HeadRunner,
    corpus: Corpus,
    states: CorpusStates,
    *,
    split: str = "val",
    depth: int = 20,
    limit: int = 200,
    progress: Callable[[float, str], None] = lambda _share, _text: None,
) -> Weighed:
    """The weight of ``runner`` for re-ordering the ``depth`` best videos of each of ``limit`` captions of
    ``split``. A scene's edits, of which its caption is not true, are among the videos.

    Raises ``ValueError`` for a split without videos.
    """
    records = [record for record in corpus.split(split) if record.member not in UNSEEN]
    if not records:
        raise ValueError(f"split: {split!r} holds no video")
    asked = range(0, len(records), max(1, -(-len(records) // limit)))
    texts = [full_captions(records[k])[0].text for k in asked]
    read = text_states(states.model, states.vocabulary, texts)
    cosine = np.stack([text.vector for text in read]) @ states.vectors([r.id for r in records]).T
    top = np.argsort(-cosine, axis=1, kind="stable")[:, :depth]
    scores = np.empty(top.shape, dtype=np.float64)
    for row, (text, found) in enumerate(zip(texts, read, strict=True)):
        query = QueryStates(text, found.words, found.tokens, found.vector)
        for start in range(0, top.shape[1], _BATCH):
            part = top[row, start : start + _BATCH]
            clips = [Clip(states.states(records[k].id), 0.0, records[k].duration_s) for k in part]
            scores[row, start : start + len(part)] = runner.score(query, clips).scores
        progress((row + 1) / len(texts), f"{runner.name}, query {row + 1} of {len(texts)}")
    ranks = {
        weight: target_ranks(_re_ordered(cosine, top, scores, weight), list(asked)) for weight in WEIGHTS
    }
    best = max(WEIGHTS, key=lambda weight: (recall_at(ranks[weight], 1), -weight))
    gain = paired_bootstrap(ranks[best] == 1, ranks[0.0] == 1)
    return Weighed(
        serving=replace(runner.serving, weight=best, depth=depth, default_on=best > 0 and gain.low > 0),
        queries=len(texts),
        before=recall_at(ranks[0.0], 1),
        after=recall_at(ranks[best], 1),
        low=100 * gain.low,
    )


def weigh_composer(
    composer: Composer, corpus: Corpus, states: CorpusStates, *, split: str = "val", limit: int = 400
) -> Weighed:
    """Whether ``composer`` finds more of the right answers to ``limit`` triplets of ``split`` than the
    direction halfway between example and words, which is what serves without it.

    Raises ``ValueError`` for a split without triplets.
    """
    search = ComposedSearch.of(corpus, states, split)
    asked = range(0, len(search.triplets), max(1, -(-len(search.triplets) // limit)))
    texts = [triplet.text for triplet in search.triplets]
    read = text_states(states.model, states.vocabulary, texts)
    examples = search.vectors[search.examples]
    halfway = weighted(examples, np.stack([text.vector for text in read]), 1.0)
    queries = halfway.copy()
    for k in asked:
        triplet, found = search.triplets[k], read[k]
        query = QueryStates(triplet.text, found.words, found.tokens, found.vector)
        clip = Clip(states.states(triplet.reference), 0.0, corpus.videos[triplet.reference].duration_s)
        queries[k] = composer.compose(query, examples[k], [clip]).vector
    before, after = (search.ranks(vectors)[list(asked)] for vectors in (halfway, queries))
    gain = paired_bootstrap(after == 1, before == 1)
    return Weighed(
        serving=replace(composer.serving, default_on=gain.low > 0),
        queries=len(before),
        before=recall_at(before, 1),
        after=recall_at(after, 1),
        low=100 * gain.low,
    )


def _re_ordered(
    cosine: NDArray[np.floating], top: NDArray[np.int64], scores: Floats, weight: float
) -> Floats:
    """[Q, N]: ``cosine + weight * scores`` among the top, which stay before all others."""
    found = cosine.astype(np.float64)
    blended = np.take_along_axis(found, top, axis=1) + weight * scores
    above = 1 + found.max(axis=1, keepdims=True) - blended.min(axis=1, keepdims=True)
    np.put_along_axis(found, top, blended + above, axis=1)
    return found
