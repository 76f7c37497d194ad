"""Moments of many queries by the head, and by what it is compared with, over the same candidates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vtr.evaluation.datasets.base import MomentQuery
from vtr.models.heads.vlgnet.baselines import MomentPrior, full_valid, random_anchor, window_cosine
from vtr.models.heads.vlgnet.batch import MomentBatch
from vtr.models.heads.vlgnet.data import MomentData
from vtr.models.heads.vlgnet.decode import decode_map
from vtr.models.heads.vlgnet.examples import collate
from vtr.models.heads.vlgnet.model import VlgNet

Windows = NDArray[np.float64]
Score = Callable[[MomentBatch, Sequence[MomentQuery]], Tensor]
"""Scores [B, N, N] of all candidates of a batch, given the queries in it."""
_BATCH = 64
_PRIOR_MOMENTS = 512


@torch.inference_mode()
def predict(score: Score, data: MomentData, queries: Sequence[MomentQuery], limit: int = 5) -> list[Windows]:
    """The best ``limit`` moments of each query after suppression, best first: float64 [Q] of [P, 2]."""
    found: dict[int, Windows] = {}
    for rows in _of_like_length(data, queries):
        part = [queries[row] for row in rows]
        batch = collate([data.example(query) for query in part])
        assert batch.edges_s is not None  # noqa: S101  (collate always gives them)
        scores = score(batch, part)
        decoded = decode_map(scores, full_valid(batch.frame_mask), batch.edges_s, limit=limit)
        for row, moments in zip(rows, decoded, strict=True):
            found[row] = np.array([(m.start_s, m.end_s) for m in moments], dtype=np.float64)
    return [found[row] for row in range(len(queries))]


def of_head(head: VlgNet) -> Score:
    """The head's own scores."""
    return lambda batch, _queries: head(batch).logits


def of_windows(data: MomentData, *, contrast: bool = True) -> Score:
    """Windows of the cosine between the dual encoder's vector of a snippet and that of the sentence."""

    def score(batch: MomentBatch, queries: Sequence[MomentQuery]) -> Tensor:
        texts = data.texts([query.text for query in queries])
        vectors = torch.from_numpy(np.stack([text.vector for text in texts]))
        frames = data.states.model.video.of_frame(batch.frames)
        return window_cosine(frames, batch.frame_mask, vectors, contrast=contrast)

    return score


def of_chance(seed: int) -> Score:
    """Random anchors, the same for the same queries in any order."""
    generator = np.random.default_rng(seed)
    return lambda batch, _queries: random_anchor(batch.frame_mask, int(generator.integers(2**31)))


def of_prior(train: Sequence[MomentQuery]) -> Score:
    """Where moments of ``train`` lie, blind to the sentence; of many, evenly chosen ones."""
    spans = [(window, query.duration_s) for query in train for window in query.windows]
    spans = spans[:: -(-len(spans) // _PRIOR_MOMENTS)]
    prior = MomentPrior.fit(torch.tensor([s for s, _ in spans]), torch.tensor([d for _, d in spans]))
    known: dict[str, Tensor] = {}

    def score(batch: MomentBatch, queries: Sequence[MomentQuery]) -> Tensor:
        assert batch.edges_s is not None  # noqa: S101  (collate always gives them)
        # Equal for all sentences of a video, and dear: once a video, then padded to the batch's length.
        rows = []
        for row, query in enumerate(queries):
            length = int(batch.frame_mask[row].sum())
            if query.video not in known:
                edges = batch.edges_s[row : row + 1, : length + 1]
                known[query.video] = prior.score(edges, batch.frame_mask[row : row + 1, :length])[0]
            fill = batch.frame_mask.shape[1] - length
            rows.append(torch.nn.functional.pad(known[query.video], (0, fill, 0, fill), value=float("-inf")))
        return torch.stack(rows)

    return score


def _of_like_length(data: MomentData, queries: Sequence[MomentQuery]) -> Iterator[list[int]]:
    """Indices of queries in batches of which little is padded."""
    order = sorted(range(len(queries)), key=lambda k: len(data.video(queries[k].video).features))
    for start in range(0, len(order), _BATCH):
        yield order[start : start + _BATCH]
