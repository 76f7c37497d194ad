"""CAMoE at work: how well a clip fits by each of the experts, and how much each expert counted."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from vtr.models.heads.camoe.experts import CamoeEncoder, scores
from vtr.models.heads.camoe.head import Camoe
from vtr.models.heads.camoe.streams import token_streams
from vtr.models.heads.serving.card import serving_of
from vtr.models.heads.serving.offsets import word_offsets
from vtr.models.heads.serving.padding import frames_of, words_for
from vtr.models.heads.serving.protocol import Clip, Evidence, HeadScores, QueryStates
from vtr.models.heads.tagging.rules import RuleTagger
from vtr.models.training.checkpoints import Card


class CamoeRunner:
    """A :class:`~vtr.models.heads.serving.protocol.HeadRunner`; the gates are the query's, the same for all
    clips. Thread safe."""

    name = Camoe.name

    def __init__(self, head: Camoe, card: Card) -> None:
        self._encoder: CamoeEncoder = head.encoder.eval()
        self._experts = head.config.experts
        self._tagger = RuleTagger()
        self.version = card.sha256[:12]
        self.serving = serving_of(card)

    @torch.inference_mode()
    def score(self, query: QueryStates, clips: Sequence[Clip]) -> HeadScores:
        tokens, mask = words_for(query, 1)
        streams = token_streams(query.text, word_offsets(query), self._tagger, self._experts)
        texts = self._encoder.texts(tokens, mask, streams.unsqueeze(0))
        found = scores(texts, self._encoder.videos(*frames_of(clips)))[0]
        gates = dict(zip(self._experts, texts.gates[0].tolist(), strict=True))
        return HeadScores(found.numpy(), tuple(Evidence(gates=gates) for _ in clips))
