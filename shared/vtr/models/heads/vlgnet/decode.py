"""From a map of logits to moments in seconds, and to one score a video."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vtr.models.heads.base import HeadError
from vtr.models.heads.vlgnet.batch import MomentMap
from vtr.models.heads.vlgnet.config import Reduce
from vtr.models.heads.vlgnet.targets import cell_spans, temporal_iou


@dataclass(frozen=True)
class Moment:
    """A span in seconds, with a score in 0..1 (or of a baseline's own range)."""

    start_s: float
    end_s: float
    score: float


def suppress(spans: Tensor, scores: Tensor, threshold: float, limit: int) -> list[int]:
    """Greedy non-maximum suppression: indices, best first, of at most ``limit`` of ``spans`` [C, 2] of which
    no two overlap by more than ``threshold`` IoU. Equal ``scores`` [C] keep the order of the input."""
    order = torch.sort(scores, descending=True, stable=True).indices
    kept: list[int] = []
    while order.numel() and len(kept) < limit:
        best = order[0]
        kept.append(int(best))
        order = order[1:]
        order = order[temporal_iou(spans[best], spans[order]) <= threshold]
    return kept


def decode_map(
    scores: Tensor, valid: Tensor, edges_s: Tensor, *, limit: int = 5, nms_iou: float = 0.5
) -> list[list[Moment]]:
    """The best moments of each video, best first. ``scores``, ``valid`` [B, N, N]; ``edges_s`` [B, N + 1]."""
    if limit < 1:
        raise HeadError(f"limit: {limit} is less than 1")
    spans, scores = cell_spans(edges_s), scores.detach()
    found = []
    for video in range(scores.shape[0]):
        cells = valid[video]
        video_spans, video_scores = spans[video][cells], scores[video][cells]
        kept = suppress(video_spans, video_scores, nms_iou, limit)
        best: list[Moment] = []
        for cell in kept:
            start_s, end_s = video_spans[cell].tolist()
            best.append(Moment(start_s, end_s, float(video_scores[cell])))
        found.append(best)
    return found


def moments(found: MomentMap, edges_s: Tensor, *, limit: int = 5, nms_iou: float = 0.5) -> list[list[Moment]]:
    """:func:`decode_map` of a full map, with probabilities as scores."""
    if found.logits.shape[1] != found.logits.shape[2]:
        raise HeadError(f"map: {list(found.logits.shape)} is not a full map")
    return decode_map(torch.sigmoid(found.logits), found.valid, edges_s, limit=limit, nms_iou=nms_iou)


def video_scores(found: MomentMap, reduce: Reduce) -> Tensor:
    """[B]: how well each video has the moment that was asked for, to re-rank videos by: its best logit, or a
    smooth form of it that many good candidates raise."""
    cells = found.logits.masked_fill(~found.valid, float("-inf")).flatten(1)
    return cells.amax(dim=1) if reduce == "max" else torch.logsumexp(cells, dim=1)
