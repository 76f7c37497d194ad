"""The experts' encoders: one set of vectors per expert from a video, and from a text's streams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from vtr.models.heads.camoe.batch import CamoeBatch
from vtr.models.heads.camoe.config import UNIFORM, CamoeConfig
from vtr.models.heads.camoe.memory import MemoryBank
from vtr.models.heads.camoe.order import OrderOfFrames, OrderOfWords
from vtr.models.heads.camoe.streams import ORDER
from vtr.models.heads.layers import Tokens
from vtr.models.heads.masks import masked_mean, unit


class Texts(NamedTuple):
    """``vectors`` [B, E, D], L2 norm 1 each; ``gates`` [B, E], sums 1, 0 where a text has no such word."""

    vectors: Tensor
    gates: Tensor


class ExpertPool(nn.Module):
    """One expert: attention over its entries, a projection, and a gate on each dimension.

    The gated embedding unit of Miech et al. 2018 (arXiv 1804.02516): ``y = W x; y * sigmoid(U y)``.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.attend = nn.Linear(dim, 1, bias=False)
        self.project = nn.Linear(2 * dim, dim)
        self.gate = nn.Linear(dim, dim)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """``states`` [B, N, D] where ``mask`` bool [B, N] -> [B, D]; a row may have no entry."""
        scores = self.attend(states).squeeze(-1).masked_fill(~mask, -1e4)
        weights = torch.softmax(scores, dim=-1) * mask
        attended = (weights.unsqueeze(1) @ states).squeeze(1)
        projected = self.project(torch.cat([attended, masked_mean(states, mask)], dim=-1))
        return cast(Tensor, projected * torch.sigmoid(self.gate(projected)))


class CamoeEncoder(nn.Module):
    """Both sides with the memory they share; this alone is needed to serve.

    score(t, v) = sum over experts e of g_e(t) cos(t_e, v_e), so that E vectors side by side, the text's
    weighted by its gates, can stand in an ordinary inner-product index (:func:`flatten_texts`).
    """

    def __init__(self, config: CamoeConfig) -> None:
        super().__init__()
        self.config = config
        dim, heads, dropout = config.dim, config.heads, config.dropout
        self.frames = Tokens(config.frame_dim, dim, layers=config.layers, heads=heads, dropout=dropout)
        self.words = Tokens(config.text_dim, dim, layers=config.text_layers, heads=heads, dropout=dropout)
        ordered = [expert == ORDER for expert in config.experts]
        self.video_experts = nn.ModuleList(
            OrderOfFrames(dim, config.slots) if in_order else ExpertPool(dim) for in_order in ordered
        )
        self.text_experts = nn.ModuleList(
            OrderOfWords(dim, config.slots) if in_order else ExpertPool(dim) for in_order in ordered
        )
        self.memory = MemoryBank(config.memory, config.dim, config.memory_tau) if config.memory else None
        # One expert has nothing to be weighed against.
        learned = config.gate != UNIFORM and len(config.experts) > 1
        self.gate = nn.Linear(config.dim, len(config.experts)) if learned else None

    def videos(self, frames: Tensor, mask: Tensor) -> Tensor:
        """``frames`` [B, T, frame_dim], ``mask`` bool [B, T] -> [B, E, D], L2 norm 1 each."""
        states = self.frames(frames, mask)
        return self._finish([expert(states, mask) for expert in self.video_experts])

    def texts(self, tokens: Tensor, mask: Tensor, streams: Tensor) -> Texts:
        """``tokens`` [B, L, text_dim], ``mask`` bool [B, L], ``streams`` bool [B, E, L] -> :class:`Texts`."""
        states = self.words(tokens, mask)
        heard = streams & mask.unsqueeze(1)
        pooled = [expert(states, heard[:, e]) for e, expert in enumerate(self.text_experts)]
        present = heard.any(dim=-1)
        logits = torch.zeros(present.shape, device=tokens.device, dtype=states.dtype)
        if self.gate is not None:
            logits = self.gate(masked_mean(states, mask))
        gates = logits.float().masked_fill(~present, float("-inf")).softmax(dim=-1)
        return Texts(self._finish(pooled), gates)

    def forward(self, batch: CamoeBatch) -> tuple[Texts, Tensor]:
        """Texts and videos of a batch."""
        texts = self.texts(batch.tokens, batch.token_mask, batch.streams)
        return texts, self.videos(batch.frames, batch.frame_mask)

    def _finish(self, vectors: Sequence[Tensor]) -> Tensor:
        """The experts' vectors, [B, D] each, with what they read of the memory: [B, E, D], L2 norm 1 each.

        The memory holds things, not sequences of them: the expert for order does not read it.
        """
        read = [
            vector if self.memory is None or expert == ORDER else self.memory(vector)
            for expert, vector in zip(self.config.experts, vectors, strict=True)
        ]
        return unit(torch.stack([vector.float() for vector in read], dim=1))


def contributions(texts: Texts, videos: Tensor) -> Tensor:
    """Each expert's part in each score: ``texts`` of Q and ``videos`` [N, E, D] -> [Q, N, E]."""
    return texts.gates.unsqueeze(1) * torch.einsum("qed,ned->qne", texts.vectors, videos)


def scores(texts: Texts, videos: Tensor) -> Tensor:
    """Gate-weighted sums of the experts' cosines: [Q, N], each in [-1, 1]."""
    return flatten_texts(texts) @ videos.flatten(1).T


def pair_scores(texts: Texts, videos: Tensor) -> Tensor:
    """The scores of ``texts`` and ``videos`` [B, E, D] row by row: [B], the diagonal of :func:`scores`."""
    return (flatten_texts(texts) * videos.flatten(1)).sum(dim=-1)


def flatten_texts(texts: Texts) -> Tensor:
    """Query vectors [Q, E * D] whose inner product with ``videos.flatten(1)`` is the score."""
    return (texts.gates.unsqueeze(-1) * texts.vectors).flatten(1)
