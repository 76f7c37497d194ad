"""The adverb head: how an action is done."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vtr.models.heads.base import TOTAL, HeadError, TensorBatch
from vtr.models.heads.masks import check_masked, unit
from vtr.models.heads.regada.action_query import ActionQuery
from vtr.models.heads.regada.adverb_losses import contrast, other_actions, regression, triplet
from vtr.models.heads.regada.composition import ResidualGating
from vtr.models.heads.regada.config import AdverbConfig


@dataclass(frozen=True)
class AdverbBatch(TensorBatch):
    """``snippets`` [B, T, Df] with ``mask`` [B, T]; ``action`` int [B] that is done in them; ``adverb`` int
    [B], how, for training. Indices are into the config's vocabulary."""

    snippets: Tensor
    mask: Tensor
    action: Tensor
    adverb: Tensor | None = None


class AdverbHead(nn.Module):
    """Video for an action, text of action and adverb, one space.

    :meth:`set_vocabulary` must be called before training; a checkpoint brings the vectors along.
    """

    name = "regada-adverbs"
    action_vectors: Tensor
    adverb_vectors: Tensor
    antonyms: Tensor
    pairs: Tensor

    def __init__(self, config: AdverbConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("action_vectors", torch.zeros(len(config.actions), config.text_dim))
        self.register_buffer("adverb_vectors", torch.zeros(len(config.adverbs), config.text_dim))
        self.register_buffer("antonyms", torch.tensor(config.antonyms), persistent=False)
        self.register_buffer("pairs", _pairs(config), persistent=False)
        self.action_in = nn.Linear(config.text_dim, config.dim)
        self.adverb_in = nn.Linear(config.text_dim, config.dim)
        self.compose = ResidualGating(config.dim)
        self.video = ActionQuery(config)

    def set_vocabulary(self, action_vectors: Tensor, adverb_vectors: Tensor) -> None:
        """The text tower's vectors of the config's actions [A, Dt] and adverbs [M, Dt]; they stay as they
        are."""
        for name, own, given in (
            ("action_vectors", self.action_vectors, action_vectors),
            ("adverb_vectors", self.adverb_vectors, adverb_vectors),
        ):
            if given.shape != own.shape:
                raise HeadError(f"{name}: {list(given.shape)}, but {list(own.shape)} is needed")
            own.copy_(given)

    def forward(self, batch: AdverbBatch) -> Tensor:
        """[B, M]: cosine of the video, asked by its action, with that action in each adverb."""
        video = self.embed_video(batch.snippets, batch.mask, batch.action.unsqueeze(1))
        texts = self.embed_texts()[batch.action]
        return (unit(video) @ unit(texts).transpose(1, 2)).squeeze(1)

    def all_pairs(self, snippets: Tensor, mask: Tensor) -> Tensor:
        """[B, A, M]: cosine with every action-adverb pair; the video is asked by each pair's action."""
        asked = torch.arange(len(self.config.actions), device=snippets.device)
        video = self.embed_video(snippets, mask, asked.expand(snippets.shape[0], -1))
        return torch.einsum("bad,amd->bam", unit(video), unit(self.embed_texts()))

    def embed_video(self, snippets: Tensor, mask: Tensor, actions: Tensor) -> Tensor:
        """[B, Q, D]: ``snippets`` [B, T, Df] as seen by each of ``actions`` int [B, Q]; not normalised."""
        check_masked("snippets", snippets, mask, self.config.snippet_dim)
        self._check_vocabulary()
        found: Tensor = self.video(self.action_in(self.action_vectors)[actions], snippets, mask)
        return found

    def embed_texts(self) -> Tensor:
        """[A, M, D]: every action in every adverb; not normalised."""
        self._check_vocabulary()
        return self.embed_phrases(self.action_vectors.unsqueeze(1), self.adverb_vectors.unsqueeze(0))

    def embed_phrases(self, action: Tensor, adverb: Tensor) -> Tensor:
        """``action``, ``adverb``: the text tower's vectors, [..., Dt], of any words; [..., D], not
        normalised."""
        a, m = self.action_in(action), self.adverb_in(adverb)
        shape = (a * m).shape
        found: Tensor = self.compose(a.expand(shape), m.expand(shape))
        return found

    def loss(self, batch: AdverbBatch) -> dict[str, Tensor]:
        """``antonym``, ``action``, ``regression``: ReGaDa's three losses, summed by their weights; with
        ``contrast`` where the config asks for it.

        The paper's tell an adverb from its antonym alone; the contrast also from the other adverbs that the
        action was seen with. Pairs that training lacks are no negatives of it, so that they can be found.
        """
        if batch.adverb is None:
            raise HeadError("batch: adverb is needed for the loss")
        video = self.embed_video(batch.snippets, batch.mask, batch.action.unsqueeze(1)).squeeze(1)
        texts = self.embed_texts()
        right = texts[batch.action, batch.adverb]
        antonym = triplet(video, right, texts[batch.action, self.antonyms[batch.adverb]], self.config.margin)
        others = other_actions(batch.action, len(self.config.actions))
        action = triplet(video, right, texts[others, batch.adverb], self.config.margin)
        distance = regression(video, right)
        total = (
            self.config.antonym_weight * antonym
            + self.config.action_weight * action
            + self.config.regression_weight * distance
        )
        parts = {"antonym": antonym, "action": action, "regression": distance}
        if self.config.contrast_weight:
            cosines = torch.einsum("bd,bmd->bm", unit(video), unit(texts[batch.action]))
            allowed = self.pairs[batch.action]
            told = contrast(cosines, batch.adverb, allowed, self.config.temperature)
            total = total + self.config.contrast_weight * told
            parts["contrast"] = told
        return {TOTAL: total, **{name: part.detach() for name, part in parts.items()}}

    def after_step(self) -> None:
        """Nothing moves without a gradient here."""

    def _check_vocabulary(self) -> None:
        if not bool(self.action_vectors.any()) or not bool(self.adverb_vectors.any()):
            raise HeadError("vocabulary: call set_vocabulary or load a checkpoint first")


def _pairs(config: AdverbConfig) -> Tensor:
    """bool [A, M]: which adverbs each action is trained with."""
    found = torch.zeros(len(config.actions), len(config.adverbs), dtype=torch.bool)
    for action, adverbs in enumerate(config.pairs):
        found[action, list(adverbs)] = True
    return found
