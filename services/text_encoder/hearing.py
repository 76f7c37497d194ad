"""Whether a text names something heard, and its vector in the space of the sounds.

Vectors and weights are those of the topic and of HTTP alike, so they are rounded here, once: vectors to
float16, weights to three digits (:mod:`vtr.models.audio.weighing`).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from text_encoder.normalise import normalise
from vtr.contracts.step import Rejected
from vtr.models.audio.base import AudioTextEncoder, HeardText
from vtr.models.audio.weighing import weights_of
from vtr.models.encoders.base import EncodingError, FloatArray


@dataclass(frozen=True, slots=True)
class Heard:
    """``vector`` [D] searches sounds and counts ``weight``; what the text's own vector finds counts
    ``text_weight``."""

    vector: FloatArray
    weight: float
    text_weight: float


class Hearing:
    """Thread safe. Remembers the last ``size`` texts."""

    def __init__(self, encoder: AudioTextEncoder, *, size: int) -> None:
        self._encoder = encoder
        self._size = size
        self._lock = threading.Lock()
        self._recent: OrderedDict[str, Heard | None] = OrderedDict()
        self.model = encoder.model_version
        self.dim = encoder.dim

    def hear(self, texts: Sequence[str]) -> list[Heard | None]:
        """One for each text; None for a text that names nothing heard.

        Raises :class:`Rejected` for a text that the encoder refuses.
        """
        with self._lock:
            return [self._hear(normalise(text)) for text in texts]

    def _hear(self, text: str) -> Heard | None:
        if text in self._recent:
            self._recent.move_to_end(text)
            return self._recent[text]
        try:
            found = _weighed(self._encoder.encode_texts([text])[0])
        except EncodingError as error:
            raise Rejected("text-not-encodable", f"texts: {error}") from error
        self._recent[text] = found
        if len(self._recent) > self._size:
            self._recent.popitem(last=False)
        return found


def _weighed(text: HeardText) -> Heard | None:
    weights = weights_of(text.heard, text.seen)
    if weights is None:
        return None
    vector = text.vector.astype(np.float16).astype(np.float32)
    return Heard(vector, weight=weights.audio, text_weight=weights.text)
