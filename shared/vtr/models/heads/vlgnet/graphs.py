"""Neighbourhoods in a sequence of nodes: ordering edges and semantic (k nearest) edges."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vtr.models.heads.masks import unit


@dataclass(frozen=True)
class Neighbours:
    """``index`` int [B, N, K]: the nodes that node n hears from; ``mask`` bool [B, N, K]: which are real."""

    index: Tensor
    mask: Tensor


def ordering_neighbours(mask: Tensor) -> Neighbours:
    """The node before and the node after, of the real nodes in ``mask`` [B, N]."""
    batch, nodes = mask.shape
    steps = torch.tensor([-1, 1], device=mask.device)
    index = torch.arange(nodes, device=mask.device)[:, None] + steps
    inside = (index >= 0) & (index < nodes)
    index = index.clamp(0, nodes - 1).expand(batch, nodes, 2)
    return Neighbours(index, inside & mask.unsqueeze(-1) & gather_mask(mask, index))


def semantic_neighbours(x: Tensor, mask: Tensor, k: int) -> Neighbours:
    """The ``k`` other nodes of ``x`` [B, N, D] with the greatest cosine, fewer where fewer are real.

    Dynamic graph of DGCNN (Wang et al., ACM TOG 2019, section 3.2): made anew from every layer's features.
    """
    with torch.no_grad():
        directions = unit(x)
        similar = directions @ directions.transpose(1, 2)
        itself = torch.eye(x.shape[1], dtype=torch.bool, device=x.device)
        allowed = mask.unsqueeze(1) & mask.unsqueeze(2) & ~itself
        best = similar.masked_fill(~allowed, float("-inf")).topk(min(k, x.shape[1]), dim=-1)
    return Neighbours(best.indices, torch.isfinite(best.values))


def gather_nodes(x: Tensor, index: Tensor) -> Tensor:
    """``x`` [B, N, D] at ``index`` [B, M, K]: [B, M, K, D]."""
    batch, m, k = index.shape
    flat = index.reshape(batch, m * k, 1).expand(-1, -1, x.shape[-1])
    return x.gather(1, flat).reshape(batch, m, k, x.shape[-1])


def gather_mask(mask: Tensor, index: Tensor) -> Tensor:
    """``mask`` [B, N] at ``index`` [B, M, K]: bool [B, M, K]."""
    return mask.gather(1, index.flatten(1)).reshape(index.shape)
