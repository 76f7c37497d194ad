"""Refuses bad clips and texts before any tower runs, naming the one at fault."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vtr.models.encoders.base import ClipFrames, EncodingError


def check_clips(clips: Sequence[ClipFrames]) -> None:
    """Raises :class:`EncodingError` for the first clip without frames or with a frame not uint8 RGB."""
    for index, clip in enumerate(clips):
        if len(clip.frames) == 0:
            raise EncodingError(index, f"clip {index}: frames is empty")
        if len(clip.times_s) != len(clip.frames):
            raise EncodingError(
                index, f"clip {index}: {len(clip.frames)} frames, but times_s holds {len(clip.times_s)}"
            )
        for number, frame in enumerate(clip.frames):
            problem = _frame_problem(frame)
            if problem is not None:
                raise EncodingError(
                    index, f"clip {index}, frame {number}: {problem}; needed is uint8 [H, W, 3] RGB"
                )


def check_texts(texts: Sequence[str]) -> None:
    """Raises :class:`EncodingError` for the first text that is blank or no string."""
    if isinstance(texts, str):
        raise TypeError("texts: one string given, but a sequence of strings is needed")
    for index, text in enumerate(texts):
        if not isinstance(text, str):
            raise EncodingError(index, f"text {index}: {type(text).__name__}, but a string is needed")
        if not text.strip():
            raise EncodingError(index, f"text {index}: blank, nothing to encode")


def _frame_problem(frame: object) -> str | None:
    if not isinstance(frame, np.ndarray):
        return f"{type(frame).__name__} is no numpy array"
    if frame.dtype != np.uint8:
        return f"dtype {frame.dtype}"
    if frame.ndim != 3 or frame.shape[2] != 3 or 0 in frame.shape:
        return f"shape {list(frame.shape)}"
    return None
