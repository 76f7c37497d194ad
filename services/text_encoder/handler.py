"""QuerySubmitted -> QueryEncoded: the vectors to search each modality by."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Protocol

from text_encoder.embedder import Embedded
from text_encoder.hearing import Heard
from vtr.contracts.events import QueryEncoded, QuerySubmitted
from vtr.contracts.step import Emit, Message, Rejected
from vtr.contracts.vector import TEXT_MODALITIES, ModalityVector, Vector
from vtr.vectors.arrays import to_vector


class TextEmbedder(Protocol):
    """See :class:`text_encoder.embedder.Embedder`."""

    model: str

    def embed(self, texts: Sequence[str]) -> Embedded: ...


class Listener(Protocol):
    """See :class:`text_encoder.hearing.Hearing`."""

    model: str

    def hear(self, texts: Sequence[str]) -> list[Heard | None]: ...


class EncodeQueries:
    """A step. Queries by example alone pass with no vectors: ranking looks the example's up.

    With a ``listener``, a text that names something heard has a vector in the space of the sounds too.
    """

    def __init__(self, embedder: TextEmbedder, listener: Listener | None = None) -> None:
        self._embedder = embedder
        self._listener = listener

    def handle(self, batch: Sequence[Message[QuerySubmitted]]) -> Iterable[Emit]:
        began = time.monotonic()
        texts = [message.event.text for message in batch if message.event.text.strip()]
        embedded = self._embedder.embed(texts)
        heard = iter(self._listener.hear(texts) if self._listener is not None else [None] * len(texts))
        encode_ms = (time.monotonic() - began) * 1000
        answers = iter(zip(embedded.vectors, embedded.cached, strict=True))
        for message in batch:
            query = message.event
            vectors: tuple[ModalityVector, ...] = ()
            cached = False
            if query.text.strip():
                array, cached = next(answers)
                vectors = tuple(
                    vector
                    for vector in self._vectors(to_vector(array), next(heard))
                    if vector.modality in query.modalities
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

    def _vectors(self, text: Vector, heard: Heard | None) -> list[ModalityVector]:
        weight = heard.text_weight if heard is not None else 1.0
        found = [ModalityVector(modality=m, vector=text, weight=weight) for m in TEXT_MODALITIES]
        if heard is not None and self._listener is not None:
            vector = to_vector(heard.vector)
            found.append(
                ModalityVector(
                    modality="audio", vector=vector, model=self._listener.model, weight=heard.weight
                )
            )
        return found

    def rejected(self, _message: Message[QuerySubmitted], _error: Rejected) -> Iterable[Emit]:
        return ()

    def flush(self) -> None:
        return
