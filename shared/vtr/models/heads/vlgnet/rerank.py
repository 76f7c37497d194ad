"""Whether the best moment's score tells which video is meant: a dual encoder's best videos in a new order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import get_args

import numpy as np
import torch
from numpy.typing import NDArray

from vtr.evaluation.corpus.record import VideoRecord
from vtr.evaluation.metrics.ranks import first_hit_ranks, recall_at, retrieval_metrics
from vtr.models.dual.evaluate import full_captions
from vtr.models.heads.vlgnet.claims import claim_of, claims_of
from vtr.models.heads.vlgnet.config import Reduce
from vtr.models.heads.vlgnet.data import MomentData
from vtr.models.heads.vlgnet.decode import video_scores
from vtr.models.heads.vlgnet.examples import in_batches
from vtr.models.heads.vlgnet.model import VlgNet

DEPTH = 50
"""How many of the dual encoder's best videos are put into a new order."""
QUERIES = 300
"""The most texts that are asked of a split; of more, evenly chosen ones."""
WEIGHTS = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0, 10.0)
"""Of the moment's score beside the cosine; the last hardly leaves the cosine a say."""
_UNSEEN = frozenset({"sound", "word"})
_BATCH = 64
Floats = NDArray[np.float32]
Scores = Mapping[Reduce, Floats]
"""float32 [Q, K] of the ``top`` videos of each query, by every reduction of the map."""


@dataclass(frozen=True)
class VideoSearch:
    """Q texts, each asked of all N videos: ``relevant`` bool [Q, N] where they are true, ``cosine`` float32
    [Q, N] of the dual encoder, ``top`` int [Q, K] its best videos of each."""

    texts: tuple[str, ...]
    videos: tuple[str, ...]
    relevant: NDArray[np.bool_]
    cosine: Floats
    top: NDArray[np.int64]


@dataclass(frozen=True)
class Rerank:
    """How moments' scores are used: the map's reduction, and the weight beside the cosine; R@1 in percent
    ``before`` and ``after`` of each search that it was chosen on."""

    reduce: Reduce
    weight: float
    before: tuple[float, ...]
    after: tuple[float, ...]


def event_search(data: MomentData, *, depth: int = DEPTH, limit: int = QUERIES) -> VideoSearch:
    """A sentence of each event of the split's bases, asked of all its videos that look different. It is true
    of every video that has such an event."""
    records = _seen(data)
    asked = [
        (event.captions[0], claim_of(record, event))
        for record in records
        if record.member == "base"
        for event in record.events
    ]
    asked = asked[:: max(1, -(-len(asked) // limit))]
    known = [claims_of(record) for record in records]
    relevant = [[claim.true_of(claims) for claims in known] for _, claim in asked]
    return _search(data, [text for text, _ in asked], records, relevant=relevant, depth=depth)


def caption_search(data: MomentData, *, depth: int = DEPTH, limit: int = QUERIES) -> VideoSearch:
    """A caption of everything in a video, asked of all of the split's videos that look different: a scene's
    edits, of which it is not true, stand beside it."""
    records = _seen(data)
    asked = range(0, len(records), max(1, -(-len(records) // limit)))
    texts = [full_captions(records[k])[0].text for k in asked]
    relevant = [[k == other for other in range(len(records))] for k in asked]
    return _search(data, texts, records, relevant=relevant, depth=depth)


def _seen(data: MomentData) -> list[VideoRecord]:
    return [record for record in data.corpus.split(data.split) if record.member not in _UNSEEN]


def _search(
    data: MomentData,
    texts: Sequence[str],
    records: Sequence[VideoRecord],
    *,
    relevant: Sequence[Sequence[bool]],
    depth: int,
) -> VideoSearch:
    videos = np.stack([data.states.vector(record.id) for record in records])
    cosine = np.stack([text.vector for text in data.texts(texts)]) @ videos.T
    return VideoSearch(
        texts=tuple(texts),
        videos=tuple(record.id for record in records),
        relevant=np.array(relevant, dtype=np.bool_),
        cosine=cosine,
        top=np.argsort(-cosine, axis=1, kind="stable")[:, :depth],
    )


@torch.inference_mode()
def moment_scores(head: VlgNet, data: MomentData, search: VideoSearch) -> Scores:
    """How well the best moment of each query's top videos fits it."""

    def pairs() -> Iterator[tuple[str, str]]:
        for text, row in zip(search.texts, search.top, strict=True):
            yield from ((search.videos[k], text) for k in row)

    found: dict[Reduce, list[NDArray[np.float32]]] = {reduce: [] for reduce in get_args(Reduce)}
    for batch in in_batches((data.pair(video, text) for video, text in pairs()), _BATCH):
        scores = head(batch)
        for reduce, parts in found.items():
            parts.append(video_scores(scores, reduce).float().numpy())
    return {reduce: np.concatenate(parts).reshape(search.top.shape) for reduce, parts in found.items()}


def reranked(search: VideoSearch, scores: Floats, weight: float) -> NDArray[np.float64]:
    """[Q, N]: ``cosine + weight * scores`` among the top, which stay before all others."""
    # In float64: what lifts the top above the rest must not make near cosines equal.
    found = search.cosine.astype(np.float64)
    blended = np.take_along_axis(found, search.top, axis=1) + weight * scores.astype(np.float64)
    above = 1 + found.max(axis=1, keepdims=True) - blended.min(axis=1, keepdims=True)
    np.put_along_axis(found, search.top, blended + above, axis=1)
    return found


def metrics(search: VideoSearch, scores: NDArray[np.floating] | None = None) -> Mapping[str, float]:
    """R@K and ranks of the first video of which the sentence is true, in the order of ``scores`` [Q, N];
    None: of the cosine."""
    return retrieval_metrics(first_hit_ranks(search.cosine if scores is None else scores, search.relevant))


def choose(searches: Sequence[tuple[VideoSearch, Scores]]) -> Rerank:
    """The reduction and weight of the greatest R@1 in the mean of ``searches``, of those that cost none of
    them any; of equals the smallest weight."""
    before = tuple(recall_at(first_hit_ranks(search.cosine, search.relevant), 1) for search, _ in searches)
    best = Rerank("max", 0.0, before, before)
    for weight, reduce in product(WEIGHTS, get_args(Reduce)):
        after = tuple(
            recall_at(first_hit_ranks(reranked(search, scores[reduce], weight), search.relevant), 1)
            for search, scores in searches
        )
        harmless = all(now >= then for now, then in zip(after, before, strict=True))
        if harmless and sum(after) > sum(best.after):
            best = Rerank(reduce, weight, before, after)
    return best


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
