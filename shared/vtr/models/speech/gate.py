"""Where somebody speaks, by Silero VAD: a recogniser invents words in silence and music."""

from __future__ import annotations

import threading
import warnings

import torch
from silero_vad import get_speech_timestamps, load_silero_vad

from vtr.models.encoders.base import FloatArray

RATE = 16_000


class SileroGate:
    """Thread safe; the weights come with the package. ``threshold``: of the probability of speech."""

    def __init__(self, threshold: float = 0.5) -> None:
        if not 0 < threshold < 1:
            raise ValueError(f"threshold: {threshold} is not in (0, 1)")
        self._threshold = threshold
        self._lock = threading.Lock()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # torch.jit.load, inside the package
            self._model = load_silero_vad()

    def spans(self, samples: FloatArray) -> list[tuple[int, int]]:
        """See :class:`vtr.models.speech.base.SpeechGate`."""
        with self._lock:  # the model keeps a state while it listens
            found = get_speech_timestamps(
                torch.from_numpy(samples), self._model, threshold=self._threshold, sampling_rate=RATE
            )
        return [(int(span["start"]), int(span["end"])) for span in found]
