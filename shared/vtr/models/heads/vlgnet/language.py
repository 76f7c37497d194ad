"""Gated graph convolution on the words of a sentence."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

EDGE_KINDS = ("itself", "previous", "next", "head", "dependent")


def word_adjacency(mask: Tensor, arcs: Tensor) -> Tensor:
    """bool [B, kinds, L, L] in the order of :data:`EDGE_KINDS`: row i hears from column j.

    ``mask`` [B, L]; ``arcs`` [B, L, L], True from a word (row) to its head (column).
    """
    length = mask.shape[1]
    place = torch.arange(length, device=mask.device)
    step = place - place[:, None]
    real = mask.unsqueeze(1) & mask.unsqueeze(2)
    kinds = [(step == 0) & real, (step == -1) & real, (step == 1) & real, arcs & real]
    return torch.stack([*kinds, arcs.transpose(1, 2) & real], dim=1)


class GatedGraphConv(nn.Module):
    """``h_i' = norm(h_i + ReLU(1/|N(i)| sum_k sum_{j in N_k(i)} g_kj (W_k h_j + b_k)))`` with
    ``g_kj = sigmoid(w_k . h_j + c_k)``: syntactic GCN with edge gates and weights by the kind of edge
    (Marcheggiani and Titov, EMNLP 2017), which VLG-Net's language graph uses; residual, norm
    and division by the degree keep it stable at any length."""

    def __init__(self, dim: int, dropout: float) -> None:
        super().__init__()
        self.messages = nn.Linear(dim, len(EDGE_KINDS) * dim)
        self.gates = nn.Linear(dim, len(EDGE_KINDS))
        self.norm = nn.LayerNorm(dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, h: Tensor, adjacency: Tensor) -> Tensor:
        """``h`` [B, L, D] with ``adjacency`` [B, kinds, L, L] to [B, L, D]."""
        batch, length, dim = h.shape
        messages = self.messages(h).view(batch, length, len(EDGE_KINDS), dim).transpose(1, 2)
        gates = torch.sigmoid(self.gates(h)).transpose(1, 2).unsqueeze(-1)
        weights = adjacency.to(h.dtype)
        degree = weights.sum(dim=(1, 3)).clamp(min=1).unsqueeze(-1)
        heard = torch.einsum("bkij,bkjd->bid", weights, gates * messages) / degree
        out: Tensor = self.norm(h + self.dropout(functional.relu(heard)))
        return out
