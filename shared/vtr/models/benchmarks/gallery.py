"""The videos of a data set through an encoder, a few at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vtr.evaluation.datasets.base import Video
from vtr.evaluation.datasets.files import DatasetError
from vtr.models.encoders.base import ClipEmbedding, ClipFrames, Encoder, FloatArray

Progress = Callable[[float, str], None]
_AT_ONCE = 8


class SampleFrames(Protocol):
    """Decodes evenly spread frames; ``vtr.media.sample.sample_frames`` is one. Given, so that no model needs
    a decoder."""

    def __call__(
        self, path: str, count: int, *, start_s: float = 0.0, end_s: float | None = None
    ) -> tuple[tuple[float, ...], list[NDArray[np.uint8]]]: ...


@dataclass(frozen=True)
class Seen:
    """A video as the encoder sees it; ``times_s`` [T] of its frames, from the start of its file."""

    embedding: ClipEmbedding
    times_s: tuple[float, ...]


def present(videos: Sequence[Video], *, skip_missing: bool) -> list[Video]:
    """Those of ``videos`` whose files exist. Without ``skip_missing``, or where none does, raises
    :class:`DatasetError` naming the first one that is missing."""
    found = [video for video in videos if video.path.exists()]
    missing = [video for video in videos if not video.path.exists()]
    if missing and not (skip_missing and found):
        raise DatasetError(f"{missing[0].path}: no such file; {len(missing)} of {len(videos)} are missing")
    return found


def see(
    encoder: Encoder,
    videos: Sequence[Video],
    sample: SampleFrames,
    *,
    frames: int,
    progress: Progress = lambda _share, _text: None,
) -> dict[str, Seen]:
    """Each video by its id, from ``frames`` frames spread evenly over the part that is meant.

    Raises ``ValueError`` (of which the errors of decoders and encoders are), naming the video.
    """
    found: dict[str, Seen] = {}
    for start in range(0, len(videos), _AT_ONCE):
        part = videos[start : start + _AT_ONCE]
        clips = []
        for video in part:
            times, images = sample(str(video.path), frames, start_s=video.start_s or 0.0, end_s=video.end_s)
            clips.append(ClipFrames(images, times))
        for video, clip, embedding in zip(part, clips, encoder.encode_clips(clips), strict=True):
            found[video.id] = Seen(embedding, clip.times_s)
        progress((start + len(part)) / len(videos), f"{start + len(part)} of {len(videos)} videos")
    return found


def vectors(seen: dict[str, Seen], ids: Sequence[str]) -> FloatArray:
    """[N, D] of the videos ``ids``."""
    return np.stack([seen[each].embedding.clip for each in ids])


def texts(encoder: Encoder, wanted: Sequence[str]) -> FloatArray:
    """[N, D]; each text is encoded once."""
    different = list(dict.fromkeys(wanted))
    found = encoder.encode_texts(different)
    at = {text: row for row, text in enumerate(different)}
    return np.asarray(found[[at[text] for text in wanted]])
