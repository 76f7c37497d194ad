"""Edge convolution on a graph of snippets."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from vtr.models.heads.vlgnet.graphs import Neighbours, gather_nodes, ordering_neighbours, semantic_neighbours


class EdgeConv(nn.Module):
    """``x_i' = max_{j in N(i)} MLP([x_i ; x_j - x_i])`` (Wang et al. 2019, equation 8); 0 without
    neighbours."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.centre = nn.Linear(dim, dim)
        self.difference = nn.Linear(dim, dim, bias=False)
        self.out = nn.Linear(dim, dim)

    def forward(self, x: Tensor, neighbours: Neighbours) -> Tensor:
        """``x`` [B, N, D] to [B, N, D]."""
        # The first layer on [x_i ; x_j - x_i] is linear: both parts are multiplied once a node, not an edge.
        moved = self.difference(x)
        hidden = (self.centre(x) - moved).unsqueeze(2) + gather_nodes(moved, neighbours.index)
        messages = self.out(functional.gelu(hidden))
        messages = messages.masked_fill(~neighbours.mask.unsqueeze(-1), float("-inf"))
        out: Tensor = messages.amax(dim=2)
        return out.masked_fill(~neighbours.mask.any(dim=2, keepdim=True), 0.0)


class SnippetGraphLayer(nn.Module):
    """``x' = norm(x + ordering(x) + semantic(x))``: the two kinds of edges of VLG-Net's video graph
    summed with a residual as in G-TAD's GCNeXt block (Xu et al., CVPR 2020)."""

    def __init__(self, dim: int, semantic: int, dropout: float) -> None:
        super().__init__()
        self.semantic_count = semantic
        self.ordering = EdgeConv(dim)
        self.semantic = EdgeConv(dim)
        self.norm = nn.LayerNorm(dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """``x`` [B, N, D] with ``mask`` [B, N] to [B, N, D]; padded nodes neither send nor matter."""
        ordering = self.ordering(x, ordering_neighbours(mask))
        semantic = self.semantic(x, semantic_neighbours(x, mask, self.semantic_count))
        out: Tensor = self.norm(x + self.dropout(ordering + semantic))
        return out
