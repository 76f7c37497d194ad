"""What every audio encoder is: sounds and texts in, unit vectors of one space out. Needs numpy alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from vtr.models.encoders.base import FloatArray

__all__ = ["AudioEncoder", "AudioTextEncoder", "HeardText"]


@dataclass(frozen=True)
class HeardText:
    """``vector``: float32 ``[D]``, L2 norm 1. ``heard``, ``seen``: how surely the text names something heard,
    something seen, 0 to 1; 1 where the encoder cannot tell."""

    vector: FloatArray
    heard: float = 1.0
    seen: float = 1.0


@runtime_checkable
class AudioTextEncoder(Protocol):
    """The text half, loadable without the sound tower.

    ``model_version`` (of ``[a-z0-9_-]``) names the collection that the vectors live in, and changes whenever
    they would.
    """

    @property
    def model_version(self) -> str: ...

    @property
    def dim(self) -> int: ...

    def encode_texts(self, texts: Sequence[str]) -> list[HeardText]:
        """Queries in the space of the sounds, each as if it were alone.

        Raises :class:`vtr.models.encoders.base.EncodingError` with the index of a blank text.
        """
        ...

    def close(self) -> None:
        """Lets go of the weights. Calls after it are an error."""
        ...


@runtime_checkable
class AudioEncoder(AudioTextEncoder, Protocol):
    """Both halves. A sound's vector does not depend on the others of the call."""

    def encode_sounds(self, sounds: Sequence[FloatArray], *, rate: int) -> FloatArray:
        """Mono sounds ``[N_i]`` in [-1, 1] at ``rate`` samples a second to float32 ``[len(sounds), D]``, L2
        norm 1.

        Raises :class:`vtr.models.encoders.base.EncodingError` with the index of a sound that is empty or not
        finite.
        """
        ...
