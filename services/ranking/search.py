"""The synchronous way to an answer: embed the text by HTTP, then rank as the topics do."""

from __future__ import annotations

import time
from typing import Protocol

from ranking.ranker import Ranker, TextVectors
from vtr.contracts.events import QuerySubmitted, ResultsRanked
from vtr.contracts.vector import Modality


class TextEmbedder(Protocol):
    """See :class:`ranking.embedding.TextEncoderClient`."""

    def embed(self, text: str, tenant: str, modalities: tuple[Modality, ...]) -> TextVectors: ...


class SearchNow:
    """Thread safe."""

    def __init__(self, embedder: TextEmbedder, ranker: Ranker) -> None:
        self._embedder = embedder
        self._ranker = ranker

    def search(self, query: QuerySubmitted) -> ResultsRanked:
        """The answer to ``query``; raises as :meth:`ranking.ranker.Ranker.answer` does."""
        if not query.text.strip():
            return self._ranker.answer(query, None)
        began = time.monotonic()
        text = self._embedder.embed(query.text, query.tenant, query.modalities)
        return self._ranker.answer(query, text, encode_ms=(time.monotonic() - began) * 1000)
