"""How well a clip's regions fit a sentence, and which of them do."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vtr.models.heads.masks import unit


@dataclass(frozen=True)
class Pooled:
    """``vectors`` [B, D], ``scores`` [B], ``heat`` [B, T, R] of sum 1 a clip."""

    vectors: Tensor
    scores: Tensor
    heat: Tensor


class RegionPooling(nn.Module):
    """``s = mean_t sum_i p_ti f_ti``, ``p = softmax_i(b f_ti + g Q t . K h_ti / sqrt(d))`` over the real
    regions of each frame, with the fit ``f_ti = cos(V x_ti, t)``; ``p / T`` is the heat.

    A region's share grows with its own fit, as in attention over regions by words (Lee et al., ECCV 2018), so
    that heat is where the sentence fits: a query and key of their own could as well learn to look away from
    what does not fit. Regions ``x`` are known by what they show themselves; what they heard of others, ``h``,
    moves the heat by ``g``, small at first, and is no part of the fit: otherwise any region could answer for
    a thing that stands beside it.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.value = nn.Linear(dim, dim)
        self.sharpness = nn.Parameter(torch.tensor(math.log(20.0)))
        self.query = nn.Linear(dim, dim)
        self.key = nn.Linear(dim, dim, bias=False)
        self.gate = nn.Parameter(torch.tensor(0.1))

    def forward(self, facts: Tensor, heard: Tensor, mask: Tensor, sentence: Tensor, text: Tensor) -> Pooled:
        """Each clip with its own sentence.

        ``facts``, ``heard`` [B, T, R, D], ``mask`` [B, T, R], ``sentence`` [B, D], ``text`` [B, D] of norm 1.
        """
        values = unit(self.value(facts))
        fit = torch.einsum("btrd,bd->btr", values, text)
        told = torch.einsum("btrd,bd->btr", self.key(heard), self.query(sentence))
        heat = _shares(self.sharpness.exp() * fit + self.gate * told / math.sqrt(facts.shape[-1]), mask)
        return Pooled(torch.einsum("btr,btrd->bd", heat, values), (heat * fit).sum(dim=(1, 2)), heat)

    def all_pairs(self, facts: Tensor, mask: Tensor, texts: Tensor) -> Tensor:
        """[B, Q]: each of B clips with each of ``texts`` [Q, D], by the regions' own looks alone."""
        fit = torch.einsum("btrd,qd->bqtr", unit(self.value(facts)), texts)
        return (_shares(self.sharpness.exp() * fit, mask.unsqueeze(1)) * fit).sum(dim=(2, 3))


def _shares(logits: Tensor, mask: Tensor) -> Tensor:
    """Softmax over the real regions of each frame of ``logits`` [..., T, R]; frames with any count alike."""
    lowest = torch.finfo(logits.dtype).min
    shares = torch.softmax(logits.masked_fill(~mask, lowest), dim=-1).masked_fill(~mask, 0.0)
    frames = mask.any(dim=-1).sum(dim=-1).clamp(min=1)
    return shares / frames[..., None, None]
