"""The region head: how well the parts of a video fit a sentence, and which parts do."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from vtr.models.heads.base import TOTAL, HeadError, TensorBatch
from vtr.models.heads.masks import check_masked, masked_mean, unit
from vtr.models.heads.regada.config import RegionConfig
from vtr.models.heads.regada.graph_attention import RegionAttention
from vtr.models.heads.regada.region_graph import RegionNeighbours, region_neighbours
from vtr.models.heads.regada.region_pooling import RegionPooling
from vtr.models.heads.regada.regions import Regions


@dataclass(frozen=True)
class RegionBatch(TensorBatch):
    """Videos with one sentence each: ``features`` [B, T, R, Df], ``boxes`` [B, T, R, 4], ``mask`` [B, T, R]
    as in :class:`~vtr.models.heads.regada.regions.Regions`; ``words`` [B, L, Dw], ``word_mask`` [B, L]."""

    features: Tensor
    boxes: Tensor
    mask: Tensor
    words: Tensor
    word_mask: Tensor


@dataclass(frozen=True)
class RegionMatch:
    """``video``, ``text`` [B, D] of norm 1; ``scores`` [B], their cosine; ``heat`` [B, T, R], of sum 1 a
    clip."""

    video: Tensor
    text: Tensor
    scores: Tensor
    heat: Tensor


class RegionHead(nn.Module):
    """Graph attention between regions and pooling by the sentence."""

    name = "regada-regions"

    def __init__(self, config: RegionConfig) -> None:
        super().__init__()
        self.config = config
        dim = config.dim
        self.region_in = nn.Sequential(nn.Linear(config.region_dim, dim), nn.LayerNorm(dim))
        self.word_in = nn.Sequential(nn.Linear(config.word_dim, dim), nn.LayerNorm(dim))
        self.place = nn.Linear(4, dim, bias=False)
        self.layers = nn.ModuleList(
            RegionAttention(dim, config.heads, config.dropout) for _ in range(config.layers)
        )
        self.pooling = RegionPooling(dim)
        self.text_out = nn.Linear(dim, dim)

    def forward(self, batch: RegionBatch) -> RegionMatch:
        """Each video with its own sentence."""
        clean, neighbours = self._graph(batch)
        return self._match(clean, neighbours, batch.words, batch.word_mask)

    def loss(self, batch: RegionBatch) -> dict[str, Tensor]:
        """Cross-entropy of the true sentence against those of the next ``negatives`` videos, and of the true
        video against theirs: InfoNCE on a band of the batch, since every pair needs a pass of its own.

        Raises :class:`HeadError` for a batch of one.
        """
        size = batch.words.shape[0]
        if size < 2:
            raise HeadError("batch: two videos at least are needed for the loss")
        clean, neighbours = self._graph(batch)
        shifts = range(min(self.config.negatives, size - 1) + 1)
        # Column k: video i with sentence i - k.
        found = [
            self._match(clean, neighbours, batch.words.roll(k, 0), batch.word_mask.roll(k, 0)).scores
            for k in shifts
        ]
        by_video = torch.stack(found, dim=1) / self.config.temperature
        by_text = torch.stack([found[k].roll(-k, 0) for k in shifts], dim=1) / self.config.temperature
        truth = torch.zeros(size, dtype=torch.long, device=by_video.device)
        sentences = functional.cross_entropy(by_video, truth)
        videos = functional.cross_entropy(by_text, truth)
        parts = {"sentences": sentences.detach(), "videos": videos.detach()}
        return {TOTAL: (sentences + videos) / 2, **parts}

    def after_step(self) -> None:
        """Nothing moves without a gradient here."""

    def _graph(self, batch: RegionBatch) -> tuple[Regions, RegionNeighbours]:
        if batch.features.ndim != 4 or batch.boxes.shape != (*batch.features.shape[:3], 4):
            raise HeadError(
                f"features, boxes: {list(batch.features.shape)}, {list(batch.boxes.shape)}, but"
                " [B, T, R, Df] and [B, T, R, 4] are needed"
            )
        check_masked("regions", batch.features.flatten(1, 2), batch.mask.flatten(1), self.config.region_dim)
        absent = ~batch.mask.unsqueeze(-1)
        # Padding may hold anything, NaN too: it is 0 from here on.
        clean = Regions(
            batch.features.masked_fill(absent, 0.0), batch.boxes.masked_fill(absent, 0.0), batch.mask
        )
        return clean, region_neighbours(clean, self.config.appearance, self.config.same_place_iou)

    def _match(
        self, regions: Regions, neighbours: RegionNeighbours, words: Tensor, word_mask: Tensor
    ) -> RegionMatch:
        check_masked("words", words, word_mask, self.config.word_dim)
        told = self.word_in(words.masked_fill(~word_mask.unsqueeze(-1), 0.0))
        nodes = self.region_in(regions.features.flatten(1, 2)) + self.place(regions.boxes.flatten(1, 2))
        for layer in self.layers:
            nodes = layer(nodes, neighbours, told, word_mask)
        sentence = masked_mean(told, word_mask)
        pooled, heat = self.pooling(nodes, regions.mask.flatten(1), sentence)
        video, text = unit(pooled), unit(self.text_out(sentence))
        return RegionMatch(video, text, (video * text).sum(dim=-1), heat.view(regions.mask.shape))
