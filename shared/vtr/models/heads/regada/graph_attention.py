"""Graph attention between regions, steered by the words."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from vtr.models.heads.regada.region_graph import Edge, RegionNeighbours


class WordsOfRegion(nn.Module):
    """What the sentence says to each region: ``c_i = softmax_l(Q h_i . K w_l / sqrt(d)) V w``."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.query = nn.Linear(dim, dim)
        self.key = nn.Linear(dim, dim, bias=False)
        self.value = nn.Linear(dim, dim)

    def forward(self, nodes: Tensor, words: Tensor, word_mask: Tensor) -> Tensor:
        """``nodes`` [B, M, D], ``words`` [B, L, D], ``word_mask`` [B, L]: [B, M, D]."""
        logits = self.query(nodes) @ self.key(words).transpose(1, 2) / math.sqrt(nodes.shape[-1])
        weights = torch.softmax(logits.masked_fill(~word_mask.unsqueeze(1), float("-inf")), dim=-1)
        told: Tensor = weights @ self.value(words)
        return told


class RegionAttention(nn.Module):
    """``h_i' = norm(h_i + W_o sum_{j in N(i)} a_ij W_v h_j)``,
    ``a_ij = softmax_j(u . LeakyReLU(W_l [h_i; c_i] + W_r [h_j; c_j] + b_kind(ij)))`` in several heads: graph
    attention (Velickovic et al., ICLR 2018) in the form whose ranking depends on the query (GATv2, Brody et
    al., ICLR 2022, equation 7), with a bias by the kind of edge. The words ``c`` choose what is heard and are
    no part of it, so that a region's vector stays a fact about the video."""

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.words = WordsOfRegion(dim)
        self.listener = nn.Linear(2 * dim, dim)
        self.speaker = nn.Linear(2 * dim, dim, bias=False)
        self.kind = nn.Embedding(len(Edge), dim, padding_idx=int(Edge.NONE))
        self.score = nn.Parameter(torch.randn(heads, dim // heads) / math.sqrt(dim // heads))
        self.value = nn.Linear(dim, dim)
        self.out = nn.Linear(dim, dim)
        self.norm = nn.LayerNorm(dim)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, nodes: Tensor, neighbours: RegionNeighbours, words: Tensor, word_mask: Tensor
    ) -> Tensor:
        """``nodes`` [B, M, D] to [B, M, D]; a node that is not real hears nothing."""
        batch, count, dim = nodes.shape
        told = torch.cat([nodes, self.words(nodes, words, word_mask)], dim=-1)
        hidden = self.listener(told).unsqueeze(2) + _gather(self.speaker(told), neighbours.index)
        hidden = functional.leaky_relu(hidden + self.kind(neighbours.kind), 0.2)
        split = hidden.view(*hidden.shape[:-1], self.heads, dim // self.heads)
        logits = (split * self.score).sum(dim=-1)
        absent = (neighbours.kind == Edge.NONE).unsqueeze(-1)
        weights = torch.softmax(logits.masked_fill(absent, torch.finfo(logits.dtype).min), dim=2)
        weights = weights.masked_fill(absent, 0.0)
        values = _gather(self.value(nodes), neighbours.index).view(split.shape)
        heard = (weights.unsqueeze(-1) * values).sum(dim=2).reshape(batch, count, dim)
        out: Tensor = self.norm(nodes + self.dropout(self.out(heard)))
        return out


def _gather(x: Tensor, index: Tensor) -> Tensor:
    flat = index.flatten(1).unsqueeze(-1).expand(-1, -1, x.shape[-1])
    return x.gather(1, flat).view(*index.shape, x.shape[-1])
