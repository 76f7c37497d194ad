"""What recognises speech."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vtr.models.encoders.base import FloatArray


class Transcriber(Protocol):
    """Sounds in, words out."""

    def transcribe(
        self, sounds: Sequence[FloatArray], *, rate: int, languages: Sequence[str | None]
    ) -> list[str]:
        """What is said in each of the mono ``sounds`` [N] at ``rate``; empty where nobody speaks.

        ``languages``: BCP 47 tags, or None to let the model find out.
        """
        ...

    def close(self) -> None:
        """Lets go of the weights."""
        ...


class SpeechGate(Protocol):
    """Tells where somebody speaks."""

    def spans(self, samples: FloatArray) -> list[tuple[int, int]]:
        """[start, end) of the stretches of speech in mono ``samples`` [N] at 16 kHz, in order."""
        ...
