"""The graph matching layer: one joint graph of snippets and words with three kinds of edges."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from vtr.models.heads.vlgnet.edge_conv import EdgeConv
from vtr.models.heads.vlgnet.graphs import gather_nodes, ordering_neighbours, semantic_neighbours


class CrossAttention(nn.Module):
    """``softmax(Q K^T / sqrt(d)) V`` over the edges from all nodes of the other side (matching edges of
    VLG-Net; Vaswani et al. 2017, equation 1)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.query = nn.Linear(dim, dim)
        # A key's bias adds the same to all of a query's logits: the softmax drops it.
        self.key = nn.Linear(dim, dim, bias=False)
        self.value = nn.Linear(dim, dim)

    def forward(self, x: Tensor, other: Tensor, other_mask: Tensor) -> tuple[Tensor, Tensor]:
        """``x`` [B, N, D] hears from ``other`` [B, M, D]: messages [B, N, D], weights [B, N, M]."""
        logits = self.query(x) @ self.key(other).transpose(1, 2) / math.sqrt(x.shape[-1])
        weights = torch.softmax(logits.masked_fill(~other_mask.unsqueeze(1), float("-inf")), dim=-1)
        return weights @ self.value(other), weights


class SideUpdate(nn.Module):
    """``x' = norm(x + ordering(x) + semantic(x) + matching)`` for the nodes of one side."""

    def __init__(self, dim: int, semantic: int, dropout: float) -> None:
        super().__init__()
        self.semantic_count = semantic
        self.ordering = nn.Linear(dim, dim)
        self.semantic = EdgeConv(dim)
        self.matching = CrossAttention(dim)
        self.norm = nn.LayerNorm(dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor, other: Tensor, other_mask: Tensor) -> tuple[Tensor, Tensor]:
        order = ordering_neighbours(mask)
        share = order.mask.unsqueeze(-1).to(x.dtype)
        near = (gather_nodes(self.ordering(x), order.index) * share).sum(2) / share.sum(2).clamp(min=1)
        semantic = self.semantic(x, semantic_neighbours(x, mask, self.semantic_count))
        matched, weights = self.matching(x, other, other_mask)
        return self.norm(x + self.dropout(near + semantic + matched)), weights


class GraphMatching(nn.Module):
    """Both sides at once: each hears from its neighbours, its like, and all of the other side."""

    def __init__(self, dim: int, semantic: int, dropout: float) -> None:
        super().__init__()
        self.video = SideUpdate(dim, semantic, dropout)
        self.language = SideUpdate(dim, semantic, dropout)

    def forward(
        self, video: Tensor, video_mask: Tensor, words: Tensor, word_mask: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """``video`` [B, N, D], ``words`` [B, L, D]: both anew, and the words' shares in each snippet
        [B, N, L]."""
        new_video, shares = self.video(video, video_mask, words, word_mask)
        new_words, _ = self.language(words, word_mask, video, video_mask)
        return new_video, new_words, shares
