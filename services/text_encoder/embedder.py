"""From texts to vectors: normalise, look up, encode what is new, agree. Topic and HTTP both go this way.

Vectors are rounded to float16 precision before anything else sees them, and the first vector of a text
stands: this process remembers it, and the shared cache makes other instances take it over. So a text gives
the same bits by either way, cached or not, and hence the same ranking. The one exception: two instances
that cannot reach Redis may differ in the last float16 bit, because a matrix product's last bits depend on
the other texts in the batch.
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from typing import Protocol

import anyio.to_thread
import numpy as np
from numpy.typing import NDArray

from text_encoder.batcher import MicroBatcher, QueueFullError
from text_encoder.normalise import MAX_CHARACTERS, normalise
from vtr.contracts.step import Rejected, Unavailable
from vtr.models.encoders.base import EncodingError

Vector = NDArray[np.float32]


class VectorCache(Protocol):
    """Shared memory of embeddings (see :class:`text_encoder.cache.EmbeddingCache`)."""

    def get(self, texts: Sequence[str]) -> list[Vector | None]: ...

    def settle(self, texts: Sequence[str], vectors: Sequence[Vector]) -> list[Vector]: ...


class RecentVectors:
    """The last ``size`` texts of this process with their vectors; least recently used go first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._vectors: OrderedDict[str, Vector] = OrderedDict()

    def get(self, text: str) -> Vector | None:
        with self._lock:
            vector = self._vectors.get(text)
            if vector is not None:
                self._vectors.move_to_end(text)
            return vector

    def keep(self, text: str, vector: Vector) -> Vector:
        """Remember ``vector`` unless the text has one already; returns the one that stands."""
        with self._lock:
            standing = self._vectors.setdefault(text, vector)
            self._vectors.move_to_end(text)
            while len(self._vectors) > self._size:
                self._vectors.popitem(last=False)
            return standing


@dataclass(frozen=True, slots=True)
class Embedded:
    """``vectors[i]`` [D] of the i-th text, at float16 precision; ``cached[i]``: it was known before."""

    vectors: list[Vector]
    cached: list[bool]


@dataclass(slots=True)
class _Pending:
    texts: list[str]
    known: list[Vector | None]
    futures: dict[str, Future[Vector]]

    def cancel(self) -> None:
        for future in self.futures.values():
            future.cancel()


class Embedder:
    """Thread safe. ``timeout_s`` bounds the wait for the model."""

    def __init__(
        self,
        batcher: MicroBatcher,
        cache: VectorCache,
        recent: RecentVectors,
        *,
        model: str,
        dim: int,
        timeout_s: float,
    ) -> None:
        self._batcher = batcher
        self._cache = cache
        self._recent = recent
        self.model = model
        self.dim = dim
        self._timeout_s = timeout_s

    def embed(self, texts: Sequence[str]) -> Embedded:
        """Blocks until all are there. A full queue is waited for.

        Raises :class:`Rejected` for a text that is blank or too long, :class:`Unavailable` when the model
        does not answer in time.
        """
        try:
            pending = self._begin(texts, wait_s=self._timeout_s)
        except QueueFullError as error:
            raise Unavailable("text model", str(error)) from error
        try:
            found = {text: future.result(self._timeout_s) for text, future in pending.futures.items()}
        except FutureTimeoutError as error:
            pending.cancel()
            raise Unavailable("text model", f"no vector within {self._timeout_s:g} s") from error
        except EncodingError as error:
            pending.cancel()
            raise Rejected("text-not-encodable", f"texts: {error}") from error
        return self._finish(pending, found)

    async def embed_async(self, texts: Sequence[str]) -> Embedded:
        """The same without blocking; a full queue raises :class:`QueueFullError` at once."""
        pending = await anyio.to_thread.run_sync(lambda: self._begin(texts, wait_s=0.0))
        try:
            async with asyncio.timeout(self._timeout_s):
                vectors = await asyncio.gather(*map(asyncio.wrap_future, pending.futures.values()))
        except TimeoutError as error:
            pending.cancel()
            raise Unavailable("text model", f"no vector within {self._timeout_s:g} s") from error
        except EncodingError as error:
            pending.cancel()
            raise Rejected("text-not-encodable", f"texts: {error}") from error
        found = dict(zip(pending.futures, vectors, strict=True))
        if not found:
            return self._finish(pending, found)
        return await anyio.to_thread.run_sync(lambda: self._finish(pending, found))

    def _begin(self, texts: Sequence[str], *, wait_s: float) -> _Pending:
        clean = [_checked(index, text) for index, text in enumerate(texts)]
        known: list[Vector | None] = [self._recent.get(text) for text in clean]
        unknown = [index for index, vector in enumerate(known) if vector is None]
        if unknown:
            for index, vector in zip(unknown, self._cache.get([clean[i] for i in unknown]), strict=True):
                known[index] = None if vector is None else self._recent.keep(clean[index], vector)
        missing = list(dict.fromkeys(t for t, v in zip(clean, known, strict=True) if v is None))
        futures = self._batcher.submit(missing, wait_s=wait_s)
        return _Pending(clean, known, dict(zip(missing, futures, strict=True)))

    def _finish(self, pending: _Pending, found: dict[str, Vector]) -> Embedded:
        texts = list(found)
        rounded = [found[text].astype(np.float16).astype(np.float32) for text in texts]
        settled = self._cache.settle(texts, rounded)
        standing = {t: self._recent.keep(t, vector) for t, vector in zip(texts, settled, strict=True)}
        return Embedded(
            vectors=[
                standing[text] if vector is None else vector
                for text, vector in zip(pending.texts, pending.known, strict=True)
            ],
            cached=[vector is not None for vector in pending.known],
        )


def _checked(index: int, text: str) -> str:
    clean = normalise(text)
    if not clean:
        raise Rejected("text-blank", f"texts[{index}]: is blank")
    if len(clean) > MAX_CHARACTERS:
        raise Rejected(
            "text-too-long",
            f"texts[{index}]: has {len(clean)} characters, at most {MAX_CHARACTERS} are taken",
        )
    return clean
