"""What every encoder is: clips and texts in, unit vectors of one space out. Needs numpy alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from vtr.contracts.vector import Modality
from vtr.models.encoders.clip_states import ClipStates, FloatArray

__all__ = [
    "ClipEmbedding",
    "ClipFrames",
    "ClipStates",
    "Encoder",
    "EncodingError",
    "FloatArray",
    "FrameArray",
    "Modality",
    "TextEncoder",
]

FrameArray = NDArray[np.uint8]


class EncodingError(ValueError):
    """One input cannot be encoded. ``index`` is its place in the call, so that the others can go on."""

    def __init__(self, index: int, message: str) -> None:
        super().__init__(message)
        self.index = index


@dataclass(frozen=True)
class ClipFrames:
    """The keyframes of one clip.

    ``frames``: T arrays uint8 ``[H, W, 3]``, RGB; sizes may differ from frame to frame.
    ``times_s``: T times in seconds, from the start of the video.
    """

    frames: Sequence[FrameArray]
    times_s: tuple[float, ...]


@dataclass(frozen=True)
class ClipEmbedding:
    """``clip``: float32 ``[D]``; ``frames``: float32 ``[T, D]``. Each vector has L2 norm 1.

    ``states``: what heads read later, where the encoder has heads; its times are those of the clip's frames.
    """

    clip: FloatArray
    frames: FloatArray
    states: ClipStates | None = None


@runtime_checkable
class TextEncoder(Protocol):
    """The text half of an encoder, loadable without the image tower.

    ``model_version`` (of ``[a-z0-9_-]``) is equal to that of the full encoder, names the collection that
    the vectors live in, and changes whenever the vectors would.
    """

    @property
    def model_version(self) -> str: ...

    @property
    def dim(self) -> int: ...

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Queries to float32 ``[N, D]``, L2 norm 1, in the space of the clips.

        Raises :class:`EncodingError` with the index of a text without any word.
        """
        ...

    def encode_passages(self, texts: Sequence[str]) -> FloatArray:
        """Transcripts of any length to float32 ``[N, D]``, L2 norm 1, comparable with ``encode_texts``.

        A text longer than the tower reads is split into windows, whose vectors are averaged, each
        weighted by its number of tokens. Errors as in ``encode_texts``.
        """
        ...

    def close(self) -> None:
        """Lets go of the weights. Calls after it are an error."""
        ...


@runtime_checkable
class Encoder(TextEncoder, Protocol):
    """Both halves. In float32 a clip's or text's vector does not depend on the others of the call."""

    def encode_clips(self, clips: Sequence[ClipFrames]) -> list[ClipEmbedding]:
        """One embedding per clip, in their order.

        Raises :class:`EncodingError` with the clip's index for a clip without frames or a bad array.
        """
        ...
