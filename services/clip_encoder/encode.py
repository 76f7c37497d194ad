"""The model behind a lock, with a frame budget that shrinks when memory runs out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from vtr.contracts.step import Rejected, Unavailable
from vtr.models.encoders.base import ClipEmbedding, ClipFrames, Encoder, EncodingError, FloatArray
from vtr.models.encoders.batching import pack
from vtr.observability.logging import get_logger

Item = TypeVar("Item")
R = TypeVar("R")

log = get_logger("clip_encoder.encode")


class BudgetedEncoder:
    """Thread safe: one forward pass at a time, each of about ``budget`` frames at most.

    ``on_inference(kind, seconds, items)`` is told of each pass.
    """

    def __init__(
        self,
        encoder: Encoder,
        *,
        frame_budget: int,
        on_inference: Callable[[str, float, int], None] = lambda _kind, _seconds, _items: None,
    ) -> None:
        self._encoder = encoder
        self._budget = frame_budget
        self._on_inference = on_inference
        self._lock = threading.Lock()

    @property
    def model_version(self) -> str:
        return self._encoder.model_version

    @property
    def budget(self) -> int:
        """Frames in one pass; halves for good when a pass runs out of memory."""
        return self._budget

    def clips(self, clips: Sequence[ClipFrames]) -> list[ClipEmbedding]:
        """One embedding per clip, in order.

        Raises :class:`Rejected` for a clip that the model refuses, or that alone exceeds the memory.
        """
        found: list[ClipEmbedding] = []
        with self._lock:
            while len(found) < len(clips):
                rest = clips[len(found) :]
                group = [rest[index] for index in pack([len(c.frames) for c in rest], self._budget)[0]]
                try:
                    found += self._timed("clip", self._encoder.encode_clips, group)
                except EncodingError as error:
                    raise Rejected("clip-not-encodable", f"frames: {error}") from error
                except RuntimeError as error:
                    if not is_out_of_memory(error):
                        raise
                    self._shrink(group, error)
        return found

    def passages(self, texts: Sequence[str]) -> list[FloatArray | None]:
        """One vector per transcript; None for one without any word that the model reads."""
        spoken = [index for index, text in enumerate(texts) if text.strip()]
        found: list[FloatArray | None] = [None] * len(texts)
        with self._lock:
            while spoken:
                asked = [texts[index] for index in spoken]
                try:
                    vectors = self._timed("passage", self._encoder.encode_passages, asked)
                except EncodingError as error:
                    # Music notes and dashes are no fault of the clip: it has no speech vector.
                    del spoken[error.index]
                    continue
                except RuntimeError as error:
                    if not is_out_of_memory(error):
                        raise
                    raise Unavailable("accelerator", f"transcripts: {error}") from error
                for index, vector in zip(spoken, vectors, strict=True):
                    found[index] = vector
                break
        return found

    def warm_up(self, frames: ClipFrames) -> None:
        """Let the model allocate and compile what it will, before the first clip waits for it."""
        self.clips([frames])
        self.passages(["a warm-up passage"])

    def _timed(self, kind: str, encode: Callable[[Sequence[Item]], R], items: Sequence[Item]) -> R:
        began = time.monotonic()
        result = encode(items)
        self._on_inference(kind, time.monotonic() - began, len(items))
        return result

    def _shrink(self, group: Sequence[ClipFrames], error: RuntimeError) -> None:
        if len(group) == 1:
            raise Rejected(
                "clip-exceeds-memory",
                f"frames: {len(group[0].frames)} frames of one clip do not fit: {error}",
            ) from error
        frames = sum(len(clip.frames) for clip in group)
        self._budget = max(1, min(self._budget, frames) // 2)
        log.warning("out of memory, halving the frame budget", frames=frames, budget=self._budget)


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether an accelerator ran out of memory: torch raises a RuntimeError with these words."""
    return "out of memory" in str(error).lower()
