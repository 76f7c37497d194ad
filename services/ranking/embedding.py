"""The text of a query as vectors, by HTTP to text_encoder (which keeps the cache that both paths share)."""

from __future__ import annotations

import httpx
import msgspec
import numpy as np

from ranking.ranker import TextVectors
from vtr.contracts.step import Rejected, Unavailable
from vtr.contracts.vector import TEXT_MODALITIES, Modality

DEPENDENCY = "text_encoder"

_RETRYABLE = {429, 500, 502, 503, 504}


class _Answer(msgspec.Struct):
    model: str
    dim: int
    vectors: list[bytes]


class _Problem(msgspec.Struct):
    type: str = ""
    detail: str = ""


class TextEncoderClient:
    """Thread safe. Keeps its connections."""

    def __init__(self, base_url: str, *, timeout_s: float) -> None:
        self._client = httpx.Client(base_url=base_url, timeout=timeout_s)

    def embed(self, text: str, tenant: str, modalities: tuple[Modality, ...]) -> TextVectors:
        """``text`` as the vectors by which ``modalities`` can be searched, the same bits as by the topics.

        Raises :class:`Rejected` for a text that text_encoder refuses, :class:`Unavailable` when it does not
        answer or is overloaded.
        """
        try:
            response = self._client.post("/v1/embed", json={"texts": [text], "tenant": tenant})
        except httpx.HTTPError as error:
            raise Unavailable(DEPENDENCY, str(error) or type(error).__name__) from error
        if response.status_code in _RETRYABLE:
            raise Unavailable(DEPENDENCY, f"HTTP {response.status_code}: {_detail(response).detail}")
        if response.is_error:
            problem = _detail(response)
            raise Rejected(
                problem.type.rpartition(":")[2] or "invalid-text", problem.detail or "text: refused"
            )
        try:
            answer = msgspec.json.decode(response.content, type=_Answer)
            vector = np.frombuffer(answer.vectors[0], dtype="<f4").astype(np.float32)
        except (msgspec.DecodeError, IndexError, ValueError) as error:
            raise Unavailable(DEPENDENCY, f"answer is not understood: {error}") from error
        return TextVectors(answer.model, {m: vector for m in TEXT_MODALITIES if m in modalities})

    def close(self) -> None:
        self._client.close()


def _detail(response: httpx.Response) -> _Problem:
    try:
        return msgspec.json.decode(response.content, type=_Problem)
    except msgspec.DecodeError:
        return _Problem(detail=response.text[:200])
