"""All spans of snippets as candidates, and their features."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from vtr.models.heads.masks import masked_mean
from vtr.models.heads.vlgnet.config import VlgNetConfig


def all_columns(mask: Tensor) -> Tensor:
    """int [B, N]: the columns of the full map."""
    return torch.arange(mask.shape[1], device=mask.device).expand(mask.shape)


def newest_columns(mask: Tensor, reach: int) -> Tensor:
    """int [B, reach + 1]: the last real snippet of ``mask`` [B, N] and the ``reach`` before it (may be <
    0)."""
    last = mask.sum(dim=1, keepdim=True) - 1
    return last + torch.arange(-reach, 1, device=mask.device)


def valid_cells(mask: Tensor, columns: Tensor) -> Tensor:
    """bool [B, N, W]: candidates [i, columns[w]] with i <= columns[w], both real in ``mask`` [B, N]."""
    ends = columns.unsqueeze(1)
    inside = (ends >= 0) & mask.gather(1, columns.clamp(min=0)).unsqueeze(1)
    starts = torch.arange(mask.shape[1], device=mask.device)[None, :, None]
    return inside & mask.unsqueeze(2) & (starts <= ends)


class MomentPooling(nn.Module):
    """Masked attention pooling (VLG-Net, its cross-attention form): candidate [i, j] is
    ``sum_{s=i..j} softmax_{i..j}(q . K v_s / sqrt(d) + u . v_s) V v_s`` with ``q`` from the sentence."""

    def __init__(self, config: VlgNetConfig) -> None:
        super().__init__()
        self.query = nn.Linear(config.dim, config.dim)
        self.key = nn.Linear(config.dim, config.dim, bias=False)
        self.salience = nn.Linear(config.dim, 1, bias=False)
        self.value = nn.Linear(config.dim, config.map_dim)
        self.first = nn.Linear(config.dim, config.map_dim, bias=False) if config.boundary else None
        self.last = nn.Linear(config.dim, config.map_dim, bias=False) if config.boundary else None
        self.sentence = nn.Linear(config.dim, config.map_dim) if config.fuse_query else None

    def forward(
        self, video: Tensor, mask: Tensor, words: Tensor, word_mask: Tensor, columns: Tensor
    ) -> tuple[Tensor, Tensor]:
        """``video`` [B, N, D], ``words`` [B, L, D], ``columns`` [B, W]: features [B, N, W, Dm], 0 where not
        valid, and valid bool [B, N, W]."""
        nodes, dim = video.shape[1:]
        valid = valid_cells(mask, columns)
        sentence = masked_mean(words, word_mask)
        logits = (self.key(video) @ self.query(sentence).unsqueeze(-1)).squeeze(-1) / math.sqrt(dim)
        logits = logits + self.salience(video).squeeze(-1)
        inside = spans(nodes, columns) & mask[:, None, None, :]
        # The least float, not -inf: a row that is not valid has no snippet at all and must not give NaN.
        weights = logits[:, None, None, :].masked_fill(~inside, torch.finfo(logits.dtype).min)
        pooled = torch.softmax(weights, dim=-1).flatten(1, 2) @ self.value(video)
        features = pooled.unflatten(1, (nodes, columns.shape[1]))
        if self.first is not None and self.last is not None:
            ends = columns.clamp(min=0).unsqueeze(-1).expand(-1, -1, dim)
            last = self.last(video.gather(1, ends))
            features = features + self.first(video).unsqueeze(2) + last.unsqueeze(1)
        if self.sentence is not None:
            features = features * self.sentence(sentence)[:, None, None, :]
        return features.masked_fill(~valid.unsqueeze(-1), 0.0), valid


def spans(nodes: int, columns: Tensor) -> Tensor:
    """bool [B, N, W, N]: snippet s (last) lies in the candidate [i, columns[w]]."""
    place = torch.arange(nodes, device=columns.device)
    return (place >= place[:, None])[None, :, None, :] & (place <= columns.unsqueeze(-1)).unsqueeze(1)
