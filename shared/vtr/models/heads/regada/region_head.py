"""The region head: how well the parts of a video fit a sentence, and which parts do."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from vtr.models.heads.base import TOTAL, HeadError, TensorBatch
from vtr.models.heads.masks import check_masked, unit
from vtr.models.heads.regada.config import RegionConfig
from vtr.models.heads.regada.graph_attention import RegionAttention
from vtr.models.heads.regada.region_graph import RegionNeighbours, region_neighbours
from vtr.models.heads.regada.region_pooling import RegionPooling
from vtr.models.heads.regada.regions import Regions


@dataclass(frozen=True)
class RegionBatch(TensorBatch):
    """Videos with one sentence each: ``features`` [B, T, R, Df], ``boxes`` [B, T, R, 4], ``mask`` [B, T, R]
    as in :class:`~vtr.models.heads.regada.regions.Regions`; ``words`` [B, L, Dw], ``word_mask`` [B, L].

    For training, ``false_words`` [B, L', Dw] with ``false_mask`` [B, L']: a sentence each that is false of
    the video.
    """

    features: Tensor
    boxes: Tensor
    mask: Tensor
    words: Tensor
    word_mask: Tensor
    false_words: Tensor | None = None
    false_mask: Tensor | None = None


@dataclass(frozen=True)
class RegionMatch:
    """``video``, ``text`` [B, D] of norm 1; ``scores`` [B] in [-1, 1]: the regions' cosines with the text,
    weighted by ``heat`` [B, T, R], of sum 1 a clip."""

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
        # How strongly a cell answers says whether a thing is there: it is not normalised away.
        self.region_in = nn.Sequential(
            nn.Linear(config.region_dim, dim),
            nn.GELU(),
            nn.Linear(dim, dim),
            nn.LayerNorm(dim),
        )
        self.word_in = nn.Sequential(nn.Linear(config.word_dim, dim), nn.LayerNorm(dim))
        self.importance = nn.Linear(dim, 1, bias=False)
        self.place = nn.Linear(4, dim, bias=False)
        self.layers = nn.ModuleList(
            RegionAttention(dim, config.heads, config.dropout) for _ in range(config.layers)
        )
        self.pooling = RegionPooling(dim)
        self.text_out = nn.Linear(dim, dim)

    def forward(self, batch: RegionBatch) -> RegionMatch:
        """Each video with its own sentence."""
        clean, neighbours = self._graph(batch)
        return self._match(clean, neighbours, self.region_in(clean.features), batch.words, batch.word_mask)

    def loss(self, batch: RegionBatch) -> dict[str, Tensor]:
        """InfoNCE (van den Oord et al. 2018) both ways, twice.

        ``local``: over all videos and sentences of the batch, by the regions' own looks alone: it teaches
        which region a sentence is about. ``sentences``, ``videos``: with the graph, on a band of the batch,
        since every pair needs a pass of its own: the true sentence against those of the next ``negatives``
        videos, and the true video against theirs. False sentences count as further negatives in both.

        Raises :class:`HeadError` for a batch of one.
        """
        size = batch.words.shape[0]
        if size < 2:
            raise HeadError("batch: two videos at least are needed for the loss")
        local = self._local(batch, self.region_in(_clean(batch).features))
        if 1 < self.config.graph_videos < size:
            size = self.config.graph_videos
            batch = _first(batch, size)
        clean, neighbours = self._graph(batch)
        facts = self.region_in(clean.features)
        shifts = range(min(self.config.negatives, size - 1) + 1)
        # Column k: video i with sentence i - k.
        found = [
            self._match(clean, neighbours, facts, batch.words.roll(k, 0), batch.word_mask.roll(k, 0)).scores
            for k in shifts
        ]
        by_text = torch.stack([found[k].roll(-k, 0) for k in shifts], dim=1)
        if batch.false_words is not None and batch.false_mask is not None:
            false = self._match(clean, neighbours, facts, batch.false_words, batch.false_mask)
            found.append(false.scores)
        truth = torch.zeros(size, dtype=torch.long, device=by_text.device)
        sentences = functional.cross_entropy(torch.stack(found, dim=1) / self.config.temperature, truth)
        videos = functional.cross_entropy(by_text / self.config.temperature, truth)
        parts = {"sentences": sentences, "videos": videos, "local": local}
        total = (sentences + videos) / 2 + self.config.local_weight * local
        return {TOTAL: total, **{name: part.detach() for name, part in parts.items()}}

    def after_step(self) -> None:
        """Nothing moves without a gradient here."""

    def _graph(self, batch: RegionBatch) -> tuple[Regions, RegionNeighbours]:
        if batch.features.ndim != 4 or batch.boxes.shape != (*batch.features.shape[:3], 4):
            raise HeadError(
                f"features, boxes: {list(batch.features.shape)}, {list(batch.boxes.shape)}, but"
                " [B, T, R, Df] and [B, T, R, 4] are needed"
            )
        check_masked("regions", batch.features.flatten(1, 2), batch.mask.flatten(1), self.config.region_dim)
        clean = _clean(batch)
        return clean, region_neighbours(clean, self.config.appearance, self.config.same_place_iou)

    def _match(
        self,
        regions: Regions,
        neighbours: RegionNeighbours,
        facts: Tensor,
        words: Tensor,
        word_mask: Tensor,
    ) -> RegionMatch:
        told, sentence = self._read(words, word_mask)
        nodes = (facts + self.place(regions.boxes)).flatten(1, 2)
        for layer in self.layers:
            nodes = layer(nodes, neighbours, told, word_mask)
        text = unit(self.text_out(sentence))
        found = self.pooling(facts, nodes.view(facts.shape), regions.mask, sentence, text)
        return RegionMatch(unit(found.vectors), text, found.scores, found.heat)

    def _local(self, batch: RegionBatch, facts: Tensor) -> Tensor:
        _, sentences = self._read(batch.words, batch.word_mask)
        scores = self._scores(facts, batch.mask, sentences)
        told = scores
        if batch.false_words is not None and batch.false_mask is not None:
            _, false = self._read(batch.false_words, batch.false_mask)
            told = torch.cat([scores, self._scores(facts, batch.mask, false).diagonal().unsqueeze(1)], dim=1)
        truth = torch.arange(len(scores), device=scores.device)
        return (functional.cross_entropy(told, truth) + functional.cross_entropy(scores.T, truth)) / 2

    def _scores(self, facts: Tensor, mask: Tensor, sentences: Tensor) -> Tensor:
        """[B, Q]: every clip with every sentence, over the temperature."""
        texts = unit(self.text_out(sentences))
        scores: Tensor = self.pooling.all_pairs(facts, mask, texts) / self.config.temperature
        return scores

    def _read(self, words: Tensor, word_mask: Tensor) -> tuple[Tensor, Tensor]:
        """The words [B, L, D], and the sentence [B, D]: their mean, weighted by what they say of regions."""
        check_masked("words", words, word_mask, self.config.word_dim)
        told = self.word_in(words.masked_fill(~word_mask.unsqueeze(-1), 0.0))
        weights = self.importance(told).squeeze(-1).masked_fill(~word_mask, torch.finfo(told.dtype).min)
        return told, torch.einsum("bl,bld->bd", torch.softmax(weights, dim=-1), told)


def _clean(batch: RegionBatch) -> Regions:
    """Padding may hold anything, NaN too: it is 0 from here on."""
    absent = ~batch.mask.unsqueeze(-1)
    return Regions(batch.features.masked_fill(absent, 0.0), batch.boxes.masked_fill(absent, 0.0), batch.mask)


def _first(batch: RegionBatch, count: int) -> RegionBatch:
    """The first ``count`` videos of ``batch``."""
    cut = {field.name: getattr(batch, field.name) for field in fields(batch)}
    return replace(batch, **{name: value[:count] for name, value in cut.items() if value is not None})
