"""What is heard in a clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from vtr.contracts.events import ClipExtracted
from vtr.models.encoders.base import FloatArray


@dataclass(frozen=True, slots=True)
class ClipSound:
    """Of one clip: ``vector`` [D] of ``model``, None without sound or without an audio encoder; and its
    ``transcript``, which is that of the event or, where that has none, what was recognised."""

    transcript: str
    vector: FloatArray | None = None
    model: str | None = None


class Listener(Protocol):
    """See :class:`clip_encoder.listen.Ear`."""

    def listen(self, clips: Sequence[ClipExtracted]) -> list[ClipSound]: ...
