"""``POST /v1/embed``: vectors of texts for other services."""

from __future__ import annotations

import time
from collections.abc import Sequence

import anyio.to_thread
import msgspec
import numpy as np
from fastapi import FastAPI, Request, Response

from text_encoder.batcher import QueueFullError
from text_encoder.embedder import Embedder
from text_encoder.hearing import Heard, Hearing
from vtr.contracts.envelope import DEFAULT_TENANT
from vtr.contracts.events.base import Tenant
from vtr.contracts.step import Rejected
from vtr.models.encoders.base import FloatArray
from vtr.runtime.api import build_api as build_app
from vtr.runtime.bodies import read_body
from vtr.runtime.problems import problem


class EmbedRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    texts: list[str]
    tenant: Tenant = DEFAULT_TENANT


class AudioVectors(msgspec.Struct, frozen=True, kw_only=True):
    """``vectors[i]`` as in the answer, in the space of the sounds; null for a text that names nothing heard.

    ``weights[i]``: what it counts in fusion; ``text_weights[i]``: what the text's own vector counts.
    """

    model: str
    dim: int
    vectors: list[bytes | None]
    weights: list[float]
    text_weights: list[float]


class EmbedResponse(msgspec.Struct, frozen=True, kw_only=True):
    """``vectors[i]``: base64 of ``dim`` little-endian float32; ``cached[i]``: it was known before.

    ``audio``: where an audio encoder is set.
    """

    model: str
    dim: int
    vectors: list[bytes]
    cached: list[bool]
    took_ms: float
    audio: AudioVectors | None = None


def build_api(embedder: Embedder, *, max_texts: int, hearing: Hearing | None = None) -> FastAPI:
    """The HTTP API over ``embedder`` and, where there is one, ``hearing``."""
    app = build_app("vtr text_encoder")

    @app.exception_handler(QueueFullError)
    async def queue_full(_request: Request, error: QueueFullError) -> Response:
        return problem(429, str(error), code="queue-full")

    @app.post(
        "/v1/embed",
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {"schema": msgspec.json.schema(EmbedRequest)["$defs"]["EmbedRequest"]}
                },
            }
        },
    )
    async def embed(request: Request) -> Response:
        """Vectors of ``texts``, in order; the same vectors that queries through the topics get."""
        began = time.monotonic()
        body = await read_body(request, EmbedRequest)
        if not body.texts:
            raise Rejected("texts-empty", "texts: is empty")
        if len(body.texts) > max_texts:
            raise Rejected("texts-too-many", f"texts: {len(body.texts)} given, at most {max_texts} are taken")
        embedded = await embedder.embed_async(body.texts)
        audio = None
        if hearing is not None:
            heard = await anyio.to_thread.run_sync(hearing.hear, body.texts)
            audio = _audio(hearing, heard)
        answer = EmbedResponse(
            model=embedder.model,
            dim=embedder.dim,
            vectors=[_bytes(vector) for vector in embedded.vectors],
            cached=embedded.cached,
            took_ms=round((time.monotonic() - began) * 1000, 3),
            audio=audio,
        )
        return Response(msgspec.json.encode(answer), media_type="application/json")

    return app


def _audio(hearing: Hearing, heard: Sequence[Heard | None]) -> AudioVectors:
    return AudioVectors(
        model=hearing.model,
        dim=hearing.dim,
        vectors=[None if one is None else _bytes(one.vector) for one in heard],
        weights=[0.0 if one is None else one.weight for one in heard],
        text_weights=[1.0 if one is None else one.text_weight for one in heard],
    )


def _bytes(vector: FloatArray) -> bytes:
    return vector.astype(np.dtype("<f4")).tobytes()


def vectors_of(body: bytes) -> list[np.ndarray[tuple[int], np.dtype[np.float32]]]:
    """The vectors in a response body, for clients in Python."""
    answer = msgspec.json.decode(body, type=EmbedResponse)
    return [np.frombuffer(vector, dtype=np.dtype("<f4")).astype(np.float32) for vector in answer.vectors]
