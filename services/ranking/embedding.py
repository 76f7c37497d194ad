"""The text of a query as vectors, by HTTP to text_encoder (which keeps the cache that both paths share)."""

from __future__ import annotations

import httpx
import msgspec
import numpy as np

from ranking.ranker import TextVectors
from vtr.contracts.step import Rejected, Unavailable
from vtr.contracts.vector import TEXT_MODALITIES, Modality
from vtr.vectors.arrays import FloatArray

DEPENDENCY = "text_encoder"

_RETRYABLE = {429, 500, 502, 503, 504}


class _Audio(msgspec.Struct):
    model: str
    vectors: list[bytes | None]
    weights: list[float]
    text_weights: list[float]


class _Answer(msgspec.Struct):
    model: str
    dim: int
    vectors: list[bytes]
    audio: _Audio | None = None


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
            found = _vectors(answer)
        except (msgspec.DecodeError, IndexError, ValueError) as error:
            raise Unavailable(DEPENDENCY, f"answer is not understood: {error}") from error
        return TextVectors(
            answer.model,
            {modality: vector for modality, (vector, _) in found.items() if modality in modalities},
            models={"audio": answer.audio.model} if answer.audio is not None else {},
            weights={modality: weight for modality, (_, weight) in found.items()},
        )

    def close(self) -> None:
        self._client.close()


def _vectors(answer: _Answer) -> dict[Modality, tuple[FloatArray, float]]:
    """The vector and the weight of each modality that the one text of ``answer`` can search."""
    weight, audio = 1.0, answer.audio
    found: dict[Modality, tuple[FloatArray, float]] = {}
    if audio is not None and (heard := audio.vectors[0]) is not None:
        weight = audio.text_weights[0]
        found["audio"] = (_floats(heard), audio.weights[0])
    return found | {modality: (_floats(answer.vectors[0]), weight) for modality in TEXT_MODALITIES}


def _floats(data: bytes) -> FloatArray:
    return np.frombuffer(data, dtype="<f4").astype(np.float32)


def _detail(response: httpx.Response) -> _Problem:
    try:
        return msgspec.json.decode(response.content, type=_Problem)
    except msgspec.DecodeError:
        return _Problem(detail=response.text[:200])
