"""Background queries for the query bank: captions of training, as a tenant's past queries would be online."""

from __future__ import annotations

import numpy as np

from vtr.evaluation.corpus.read import Corpus
from vtr.evaluation.metrics.hubness import hubness
from vtr.evaluation.metrics.scorers import QueryBank
from vtr.models.dual.evaluate import full_captions
from vtr.models.heads.camoe.galleries import ALL, BASES, Galleries, Scores

BETAS = (5.0, 10.0, 15.0, 20.0, 30.0, 40.0)
TOLERANCE = 0.5
"""Points of R@1 on validation that less hubness may cost."""
K = 10


def background_texts(corpus: Corpus) -> tuple[str, ...]:
    """The captions of the base videos of training: none of them is a query of another split."""
    records = corpus.split("train", bases_only=True)
    return tuple(caption.text for record in records for caption in full_captions(record))


def choose_beta(galleries: Galleries, scores: Scores, bank: Scores) -> float:
    """The beta of :data:`BETAS` with the least hubness at :data:`K` among the bases, of those that cost no
    more than :data:`TOLERANCE` points of R@1 (the best for R@1 where all cost more). To be called with a
    validation split.

    ``scores`` [Q, N] of its queries, ``bank`` [B, N] of the background queries with the same videos.
    """

    def recall(found: Scores) -> float:
        by_gallery = galleries.recalls(found)
        return (by_gallery[BASES] + by_gallery[ALL]) / 2

    plain = recall(scores)
    tried = {}
    for beta in BETAS:
        found = QueryBank.of(bank, beta).normalise(scores)
        hubs = hubness(np.concatenate(list(galleries.parts(BASES, found))), K)
        tried[beta] = (recall(found), hubs)
    allowed = {beta: hubs for beta, (r, hubs) in tried.items() if r >= plain - TOLERANCE}
    if allowed:
        return min(allowed, key=lambda beta: allowed[beta])
    return max(tried, key=lambda beta: tried[beta][0])
