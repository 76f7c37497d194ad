"""QuerySubmitted -> QueryEncoded: the vectors to search each modality by."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Protocol

from text_encoder.embedder import Embedded
from vtr.contracts.events import QueryEncoded, QuerySubmitted
from vtr.contracts.step import Emit, Message, Rejected
from vtr.contracts.vector import TEXT_MODALITIES, ModalityVector
from vtr.vectors.arrays import to_vector


class TextEmbedder(Protocol):
    """See :class:`text_encoder.embedder.Embedder`."""

    model: str

    def embed(self, texts: Sequence[str]) -> Embedded: ...


class EncodeQueries:
    """A step. Queries by example alone pass with no vectors: ranking looks the example's up."""

    def __init__(self, embedder: TextEmbedder) -> None:
        self._embedder = embedder

    def handle(self, batch: Sequence[Message[QuerySubmitted]]) -> Iterable[Emit]:
        began = time.monotonic()
        texts = [message.event.text for message in batch if message.event.text.strip()]
        embedded = self._embedder.embed(texts)
        encode_ms = (time.monotonic() - began) * 1000
        answers = iter(zip(embedded.vectors, embedded.cached, strict=True))
        for message in batch:
            query = message.event
            vectors: tuple[ModalityVector, ...] = ()
            cached = False
            if query.text.strip():
                array, cached = next(answers)
                vector = to_vector(array)
                vectors = tuple(
                    ModalityVector(modality=modality, vector=vector)
                    for modality in TEXT_MODALITIES
                    if modality in query.modalities
                )
            yield Emit(
                QueryEncoded(
                    query=query,
                    model=self._embedder.model,
                    vectors=vectors,
                    encode_ms=encode_ms,
                    cached=cached,
                ),
                cause=message,
            )

    def rejected(self, _message: Message[QuerySubmitted], _error: Rejected) -> Iterable[Emit]:
        return ()

    def flush(self) -> None:
        return
