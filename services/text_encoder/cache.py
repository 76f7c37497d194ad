"""Embeddings in Redis, by model version and text. Losing Redis costs time, never an answer.

The first vector written for a text wins, and every writer takes over the winner, so that all instances
answer with the same bits, however their batches were composed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import redis
from numpy.typing import NDArray

from vtr.cache import keys
from vtr.cache.circuit import Circuit
from vtr.observability.logging import get_logger
from vtr.observability.metrics import CACHE_REQUESTS

Vector = NDArray[np.float32]
_WIRE = np.dtype("<f4")

log = get_logger("text_encoder.cache")


class EmbeddingCache:
    """Vectors [dim] of one model version, float32 little-endian, each for ``ttl_s`` seconds."""

    def __init__(self, client: redis.Redis, *, model: str, dim: int, ttl_s: int, circuit: Circuit) -> None:
        self._client = client
        self._model = model
        self._dim = dim
        self._ttl_s = ttl_s
        self._circuit = circuit

    def get(self, texts: Sequence[str]) -> list[Vector | None]:
        """What is known of each (normalised) text; all None while Redis is away."""
        nothing: list[Vector | None] = [None] * len(texts)
        if not texts or not self._circuit.allows():
            CACHE_REQUESTS.labels("embedding", "unavailable").inc(len(texts))
            return nothing
        try:
            raw = cast(list[bytes | None], self._client.mget([self._key(text) for text in texts]))
        except redis.RedisError as error:
            self._failed(error)
            CACHE_REQUESTS.labels("embedding", "unavailable").inc(len(texts))
            return nothing
        self._worked()
        found = [self._decode(value) for value in raw]
        hits = sum(vector is not None for vector in found)
        CACHE_REQUESTS.labels("embedding", "hit").inc(hits)
        CACHE_REQUESTS.labels("embedding", "miss").inc(len(found) - hits)
        return found

    def settle(self, texts: Sequence[str], vectors: Sequence[Vector]) -> list[Vector]:
        """Store each vector unless its text has one already; returns the vectors that stand."""
        if not texts or not self._circuit.allows():
            return list(vectors)
        try:
            pipe = self._client.pipeline(transaction=False)
            for text, vector in zip(texts, vectors, strict=True):
                pipe.set(self._key(text), vector.astype(_WIRE).tobytes(), ex=self._ttl_s, nx=True, get=True)
            standing = cast(list[bytes | None], pipe.execute())
        except redis.RedisError as error:
            self._failed(error)
            return list(vectors)
        self._worked()
        winners = [self._decode(value) for value in standing]
        return [mine if winner is None else winner for mine, winner in zip(vectors, winners, strict=True)]

    def _key(self, text: str) -> str:
        return keys.embedding(self._model, text)

    def _decode(self, value: bytes | None) -> Vector | None:
        if value is None or len(value) != self._dim * _WIRE.itemsize:
            return None
        return np.frombuffer(value, dtype=_WIRE).astype(np.float32)

    def _failed(self, error: redis.RedisError) -> None:
        if self._circuit.failed():
            log.warning("embedding cache is away, going on without it", reason=str(error))

    def _worked(self) -> None:
        if self._circuit.succeeded():
            log.info("embedding cache is back")
