"""What the dual encoder's towers hold before they pool: the input of every head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from vtr.models.dual.collate import frames_before, pack_frames, pad_tokens
from vtr.models.dual.model import DualEncoder
from vtr.models.dual.vocabulary import Vocabulary, words_of
from vtr.models.encoders.base import FloatArray
from vtr.models.encoders.batching import pack
from vtr.models.encoders.checks import check_texts
from vtr.models.encoders.clip_states import ClipStates

_TEXTS = 128


@dataclass(frozen=True)
class TextStates:
    """``words``: L words as the tower reads them; ``tokens`` float32 [L, text_width]; ``vector`` float32 [D],
    L2 norm 1."""

    words: tuple[str, ...]
    tokens: FloatArray
    vector: FloatArray


@dataclass(frozen=True)
class Seen:
    """A clip's states, and its frames' own vectors float32 [T, D] of L2 norm 1."""

    states: ClipStates
    frame_vectors: FloatArray


def clip_states(
    model: DualEncoder,
    videos: Sequence[NDArray[np.uint8]],
    times_s: Sequence[FloatArray],
    *,
    regions: bool = True,
    max_frames: int = 256,
) -> list[ClipStates]:
    """States of ``videos``, each uint8 [T, side, side, 3] RGB at ``times_s`` [T].

    The frames should follow each other at ``model.config.fps``: the tower sees each one's change since those
    before it. It counts times from a video's first frame; the states keep them as given. Without ``regions``
    there are none, [0, R, C]. About ``max_frames`` frames are in the tower at once; a video's states do not
    depend on the others.
    """
    return [seen.states for seen in see_clips(model, videos, times_s, regions=regions, max_frames=max_frames)]


@torch.inference_mode()
def see_clips(
    model: DualEncoder,
    videos: Sequence[NDArray[np.uint8]],
    times_s: Sequence[FloatArray],
    *,
    regions: bool = True,
    max_frames: int = 256,
) -> list[Seen]:
    """As :func:`clip_states`, with each frame's own vector. The frames pass through the tower once."""
    _check_videos(model, videos, times_s)
    found: list[Seen] = []
    for part in pack([len(video) for video in videos], max_frames):
        found.extend(_see(model, [videos[k] for k in part], [times_s[k] for k in part], regions))
    return found


@torch.inference_mode()
def text_states(model: DualEncoder, vocabulary: Vocabulary, texts: Sequence[str]) -> list[TextStates]:
    """States of ``texts``; words beyond ``model.config.max_tokens`` are not read.

    Raises :class:`vtr.models.encoders.base.EncodingError` with the index of a blank text.
    """
    check_texts(texts)
    longest = model.config.max_tokens
    words = [tuple(words_of(text) or [text.strip()])[:longest] for text in texts]
    numbers = [vocabulary.encode(text)[:longest] for text in texts]
    found: dict[int, TextStates] = {}
    # Texts of like length share a batch, so that little is padded.
    order = sorted(range(len(texts)), key=lambda k: len(numbers[k]))
    for start in range(0, len(order), _TEXTS):
        rows = order[start : start + _TEXTS]
        tokens, mask = pad_tokens([numbers[k] for k in rows], longest)
        states = model.text.states(tokens, mask)
        vectors = model.text.pool(states, mask)
        for row, k in enumerate(rows):
            of_words = states[row, : len(numbers[k])].float().numpy().copy()
            found[k] = TextStates(words[k], of_words, vectors[row].numpy().copy())
    return [found[k] for k in range(len(texts))]


def _check_videos(
    model: DualEncoder, videos: Sequence[NDArray[np.uint8]], times_s: Sequence[FloatArray]
) -> None:
    side = model.config.side
    if len(videos) != len(times_s):
        raise ValueError(f"times_s: {len(times_s)}, but there are {len(videos)} videos")
    for number, (video, times) in enumerate(zip(videos, times_s, strict=True)):
        if video.dtype != np.uint8 or video.ndim != 4 or video.shape[1:] != (side, side, 3) or not len(video):
            raise ValueError(
                f"videos[{number}]: {video.dtype} {list(video.shape)}, "
                f"but uint8 [T, {side}, {side}, 3] is needed"
            )
        if len(times) != len(video):
            raise ValueError(f"times_s[{number}]: {len(times)} times, but {len(video)} frames")


def _see(
    model: DualEncoder, videos: Sequence[NDArray[np.uint8]], times_s: Sequence[FloatArray], regions: bool
) -> list[Seen]:
    times = [np.asarray(of_video, dtype=np.float32) for of_video in times_s]
    frames, before, from_start, mask = pack_frames(
        videos, [t - t[0] for t in times], [frames_before(video, model.config.gaps) for video in videos]
    )
    of_frames = model.video.frame(frames, before)
    values, place = model.video.over_time(of_frames, from_start, mask)
    vectors = model.video.pool(values, place, mask).numpy()
    singles = model.video.of_frame(values).numpy()
    grid = of_frames.cells.flatten(2).transpose(1, 2).float().numpy()  # [N, R, C]
    ends = np.cumsum([len(video) for video in videos])
    found = []
    for row, (end, at) in enumerate(zip(ends, times, strict=True)):
        kept = grid[end - len(at) : end] if regions else grid[:0]
        states = ClipStates(
            frames=values[row, : len(at)].float().numpy().copy(),
            regions=kept.copy(),
            vector=vectors[row].copy(),
            times_s=at,
            region_times_s=at if regions else at[:0],
        )
        found.append(Seen(states, singles[row, : len(at)].copy()))
    return found
