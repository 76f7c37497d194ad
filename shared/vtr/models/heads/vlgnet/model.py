"""The moment head."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from vtr.models.heads.base import TOTAL, HeadError
from vtr.models.heads.masks import check_masked
from vtr.models.heads.positions import sinusoids
from vtr.models.heads.vlgnet.batch import MomentBatch, MomentMap
from vtr.models.heads.vlgnet.candidates import MomentPooling, all_columns, newest_columns
from vtr.models.heads.vlgnet.config import VlgNetConfig
from vtr.models.heads.vlgnet.edge_conv import SnippetGraphLayer
from vtr.models.heads.vlgnet.language import GatedGraphConv, word_adjacency
from vtr.models.heads.vlgnet.losses import map_bce, video_bce
from vtr.models.heads.vlgnet.map_head import MapHead
from vtr.models.heads.vlgnet.matching import GraphMatching
from vtr.models.heads.vlgnet.syntax import windowed_arcs
from vtr.models.heads.vlgnet.targets import iou_map, scaled_targets

WINDOW = 3


class VlgNet(nn.Module):
    """Snippet graph, language graph, matching, candidates, map (VLG-Net, figure 2)."""

    name = "vlgnet"

    def __init__(self, config: VlgNetConfig) -> None:
        super().__init__()
        self.config = config
        dim, semantic, dropout = config.dim, config.semantic_neighbours, config.dropout
        self.frame_in = nn.Sequential(nn.Linear(config.frame_dim, dim), nn.LayerNorm(dim))
        self.word_in = nn.Sequential(nn.Linear(config.word_dim, dim), nn.LayerNorm(dim))
        self.position_scale = nn.Parameter(torch.tensor(0.5))
        self.video_layers = nn.ModuleList(
            SnippetGraphLayer(dim, semantic, dropout) for _ in range(config.video_layers)
        )
        self.language_layers = nn.ModuleList(
            GatedGraphConv(dim, dropout) for _ in range(config.language_layers)
        )
        self.matching = nn.ModuleList(
            GraphMatching(dim, semantic, dropout) for _ in range(config.matching_layers)
        )
        self.pooling = MomentPooling(config)
        self.map_head = MapHead(config)

    def forward(self, batch: MomentBatch) -> MomentMap:
        """The scores of all candidates: logits [B, N, N]."""
        return self._score(batch, all_columns(batch.frame_mask))

    def newest(self, batch: MomentBatch) -> MomentMap:
        """The scores of the candidates that end with the newest snippet alone, for live video: logits
        [B, N, 1], equal to that column of the full map.

        The map's part of the work falls from N^2 cells to N (reach + 1); the graphs are over N snippets
        anyway.
        """
        columns = newest_columns(batch.frame_mask, self.config.reach)
        found = self._score(batch, columns)
        return MomentMap(found.logits[..., -1:], found.valid[..., -1:], found.columns[:, -1:])

    def loss(self, batch: MomentBatch) -> dict[str, Tensor]:
        """``moments``: cross-entropy with the scaled IoU. ``negatives``: the same for a sentence that is
        false of the video (``batch.others``, or the next video's): no moment is true. ``video``: see
        :func:`~vtr.models.heads.vlgnet.losses.video_bce`.

        Raises :class:`HeadError` for a batch without targets.
        """
        if batch.edges_s is None or batch.moments_s is None or batch.moment_mask is None:
            raise HeadError("batch: edges_s, moments_s and moment_mask are needed for the loss")
        found = self.forward(batch)
        overlaps = iou_map(batch.edges_s, batch.moments_s, batch.moment_mask)
        targets = scaled_targets(overlaps, self.config.iou_low, self.config.iou_high)
        moments = map_bce(found.logits, targets, found.valid)
        config = self.config
        if batch.frames.shape[0] < 2 or config.negative_weight == config.video_weight == 0:
            return {TOTAL: moments, "moments": moments.detach()}
        false, false_valid = self._false(batch)
        negatives = map_bce(false, torch.zeros_like(false), false_valid)
        total = moments + config.negative_weight * negatives
        parts = {"moments": moments.detach(), "negatives": negatives.detach()}
        if config.video_weight:
            video = video_bce(found.logits, overlaps, found.valid, false, false_valid)
            total = total + config.video_weight * video
            parts["video"] = video.detach()
        return {TOTAL: total, **parts}

    def after_step(self) -> None:
        """Nothing moves without a gradient here."""

    def _false(self, batch: MomentBatch) -> tuple[Tensor, Tensor]:
        """Logits of sentences that are false of their videos, and the candidates for which that is known."""
        if batch.others is not None and batch.other_mask is not None:
            false = replace(batch, words=batch.others, word_mask=batch.other_mask, arcs=None)
            found = self.forward(false)
            return found.logits, found.valid
        arcs = None if batch.arcs is None else batch.arcs.roll(1, dims=0)
        words, word_mask = batch.words.roll(1, dims=0), batch.word_mask.roll(1, dims=0)
        found = self.forward(replace(batch, words=words, word_mask=word_mask, arcs=arcs))
        if batch.group is None:
            return found.logits, found.valid
        apart = batch.group != batch.group.roll(1, dims=0)
        return found.logits, found.valid & apart[:, None, None]

    def _score(self, batch: MomentBatch, columns: Tensor) -> MomentMap:
        check_masked("frames", batch.frames, batch.frame_mask, self.config.frame_dim)
        check_masked("words", batch.words, batch.word_mask, self.config.word_dim)
        mask, word_mask = batch.frame_mask, batch.word_mask
        # Padding may hold anything, NaN too: it is 0 from here on.
        video = self.frame_in(batch.frames.masked_fill(~mask.unsqueeze(-1), 0.0))
        words = self.word_in(batch.words.masked_fill(~word_mask.unsqueeze(-1), 0.0))
        places = sinusoids(mask.shape[1], self.config.dim, device=video.device)
        video = video + self.position_scale * places
        for layer in self.video_layers:
            video = layer(video, mask)
        arcs = windowed_arcs(word_mask, WINDOW) if batch.arcs is None else batch.arcs
        adjacency = word_adjacency(word_mask, arcs)
        for layer in self.language_layers:
            words = layer(words, adjacency)
        for layer in self.matching:
            video, words, _ = layer(video, mask, words, word_mask)
        features, valid = self.pooling(video, mask, words, word_mask, columns)
        return MomentMap(self.map_head(features, valid), valid, columns)
