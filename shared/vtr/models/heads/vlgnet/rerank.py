"""Whether the best moment's score tells which video is meant: a dual encoder's best videos in a new order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import get_args

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from vtr.evaluation.metrics.ranks import first_hit_ranks, recall_at, retrieval_metrics
from vtr.models.heads.vlgnet.claims import claim_of, claims_of
from vtr.models.heads.vlgnet.config import Reduce
from vtr.models.heads.vlgnet.data import MomentData, in_batches
from vtr.models.heads.vlgnet.decode import video_scores
from vtr.models.heads.vlgnet.model import VlgNet
from vtr.models.training.checkpoints import Card, CheckpointError

DEPTH = 50
"""How many of the dual encoder's best videos are put into a new order."""
QUERIES = 500
"""The most sentences that are asked of a split; of more, evenly chosen ones."""
WEIGHTS = (0.0, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0, 10.0)
"""Of the moment's score beside the cosine; the last hardly leaves the cosine a say."""
KEY = "rerank"
"""Under which the metrics of a card say what was chosen, and what it reached."""
_UNSEEN = frozenset({"sound", "word"})
_BATCH = 64
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class VideoSearch:
    """Q sentences about an event each, asked of all N videos: ``relevant`` bool [Q, N] where they are true,
    ``cosine`` float32 [Q, N] of the dual encoder, ``top`` int [Q, K] its best videos of each."""

    texts: tuple[str, ...]
    videos: tuple[str, ...]
    relevant: NDArray[np.bool_]
    cosine: Floats
    top: NDArray[np.int64]


@dataclass(frozen=True)
class Rerank:
    """How moments' scores are used: the map's reduction, and the weight beside the cosine; R@1 in percent
    ``before`` and ``after`` on the split that it was chosen on."""

    reduce: Reduce
    weight: float
    before: float
    after: float


def video_search(data: MomentData, *, depth: int = DEPTH, limit: int = QUERIES) -> VideoSearch:
    """A sentence of each event of the split's bases, asked of all its videos that look different."""
    records = [record for record in data.corpus.split(data.split) if record.member not in _UNSEEN]
    asked = [
        (event.captions[0], claim_of(record, event))
        for record in records
        if record.member == "base"
        for event in record.events
    ]
    asked = asked[:: max(1, -(-len(asked) // limit))]
    known = [claims_of(record) for record in records]
    vectors = np.stack([text.vector for text in data.texts([text for text, _ in asked])])
    cosine = vectors @ np.stack([data.states.vector(record.id) for record in records]).T
    return VideoSearch(
        texts=tuple(text for text, _ in asked),
        videos=tuple(record.id for record in records),
        relevant=np.array([[claim.true_of(claims) for claims in known] for _, claim in asked]),
        cosine=cosine,
        top=np.argsort(-cosine, axis=1, kind="stable")[:, :depth],
    )


@torch.inference_mode()
def moment_scores(head: VlgNet, data: MomentData, search: VideoSearch) -> Mapping[Reduce, Floats]:
    """float32 [Q, K] of the ``top`` videos of each query, by every reduction of the map."""

    def pairs() -> Iterator[tuple[str, str]]:
        for text, row in zip(search.texts, search.top, strict=True):
            yield from ((search.videos[k], text) for k in row)

    found: dict[Reduce, list[NDArray[np.float32]]] = {reduce: [] for reduce in get_args(Reduce)}
    for batch in in_batches((data.pair(video, text) for video, text in pairs()), _BATCH):
        scores = head(batch)
        for reduce, parts in found.items():
            parts.append(video_scores(scores, reduce).float().numpy())
    return {reduce: np.concatenate(parts).reshape(search.top.shape) for reduce, parts in found.items()}


def reranked(search: VideoSearch, scores: Floats, weight: float) -> Floats:
    """[Q, N]: ``cosine + weight * scores`` among the top, which stay before all others."""
    blended = np.take_along_axis(search.cosine, search.top, axis=1) + weight * scores
    found = search.cosine.copy()
    above = 1 + search.cosine.max(axis=1, keepdims=True) - blended.min(axis=1, keepdims=True)
    np.put_along_axis(found, search.top, blended + above, axis=1)
    return found


def metrics(search: VideoSearch, scores: Floats | None = None) -> Mapping[str, float]:
    """R@K and ranks of the first video of which the sentence is true, in the order of ``scores`` [Q, N];
    None: of the cosine."""
    return retrieval_metrics(first_hit_ranks(search.cosine if scores is None else scores, search.relevant))


def choose(search: VideoSearch, scores: Mapping[Reduce, Floats]) -> Rerank:
    """The reduction and weight of the greatest R@1; of equals the smallest weight."""
    before = recall_at(first_hit_ranks(search.cosine, search.relevant), 1)
    best: Rerank | None = None
    for weight, reduce in product(WEIGHTS, scores):
        order = reranked(search, scores[reduce], weight)
        after = recall_at(first_hit_ranks(order, search.relevant), 1)
        if best is None or after > best.after:
            best = Rerank(reduce, weight, before, after)
    assert best is not None  # noqa: S101  (there is one weight at least)
    return best


def rerank_of(card: Card) -> Rerank:
    """What ``card`` says was chosen. Raises :class:`CheckpointError` where it does not say it."""
    try:
        return msgspec.convert(card.metrics[KEY], Rerank)
    except (KeyError, TypeError, msgspec.ValidationError) as error:
        raise CheckpointError(f"card of {card.head}: metrics.{KEY}: {error}") from error


def chance(search: VideoSearch) -> Mapping[str, float]:
    """R@K in percent of a random order, of which ``relevant`` has as many as it has."""
    gallery, right = search.relevant.shape[1], search.relevant.sum(axis=1)
    found = {}
    for k in (1, 5, 10):
        # The first K of a random order hold no right one: one draw after another without it.
        left = gallery - right[:, None] - np.arange(min(k, gallery))
        missed = np.clip(left, 0, None) / (gallery - np.arange(min(k, gallery)))
        found[f"R@{k}"] = float(100.0 * (1.0 - missed.prod(axis=1)).mean())
    return found
