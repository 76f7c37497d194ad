"""Examples to a batch of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vtr.models.dual.model import DualBatch
from vtr.models.dual.vocabulary import PAD


@dataclass(frozen=True)
class EventExample:
    """A single event in [start_s, end_s) with its caption's word numbers; ``key`` as in the batch.

    ``false``: the caption turned wrong in one thing, each way or None where it says nothing of it.
    """

    start_s: float
    end_s: float
    tokens: list[int]
    key: int
    false: Sequence[list[int] | None] = ()


@dataclass(frozen=True)
class Example:
    """``frames`` uint8 [T, side, side, 3] at ``times_s`` [T] with what was ``before`` each
    (:func:`frames_before`), a caption, false captions, events."""

    frames: NDArray[np.uint8]
    before: NDArray[np.uint8]
    times_s: NDArray[np.float32]
    tokens: list[int]
    swaps: list[list[int]]
    events: list[EventExample]


def pad_tokens(rows: Sequence[Sequence[int]], longest: int) -> tuple[Tensor, Tensor]:
    """Word numbers [B, L] and their mask, L the longest row but at most ``longest``; longer rows are cut."""
    width = min(max((len(row) for row in rows), default=1), longest)
    tokens = np.full((len(rows), max(1, width)), PAD, dtype=np.int64)
    mask = np.zeros(tokens.shape, dtype=np.bool_)
    for number, row in enumerate(rows):
        cut = row[:width]
        tokens[number, : len(cut)] = cut
        mask[number, : len(cut)] = True
    return torch.from_numpy(tokens), torch.from_numpy(mask)


def frames_before(video: NDArray[np.uint8], gaps: Sequence[int]) -> NDArray[np.uint8]:
    """What was seen ``gaps`` frames before each of ``video`` [T, H, W, 3], in grey: [T, gaps, H, W].

    Before the first frame stands the first.
    """
    grey = (video.sum(axis=-1, dtype=np.uint16) // 3).astype(np.uint8)
    at = np.arange(len(video))
    return np.stack([grey[np.maximum(at - gap, 0)] for gap in gaps], axis=1)


def pack_frames(
    videos: Sequence[NDArray[np.uint8]],
    times_s: Sequence[NDArray[np.float32]],
    before: Sequence[NDArray[np.uint8]],
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """``frames``, ``before``, ``times_s``, ``mask`` as :class:`DualBatch` has them; times padded with 0.

    ``before``: of each video, as :func:`frames_before` gives it.
    """
    longest = max(len(video) for video in videos)
    mask = np.zeros((len(videos), longest), dtype=np.bool_)
    times = np.zeros(mask.shape, dtype=np.float32)
    for number, of_video in enumerate(times_s):
        mask[number, : len(of_video)] = True
        times[number, : len(of_video)] = of_video
    packed = [np.concatenate(part) for part in (videos, before)]
    return (
        torch.from_numpy(packed[0]),
        torch.from_numpy(packed[1]),
        torch.from_numpy(times),
        torch.from_numpy(mask),
    )


def collate(examples: Sequence[Example], *, swaps: int, max_tokens: int) -> DualBatch:
    """One batch; ``swaps`` false captions a video, blanks where it has fewer."""
    frames, before, times, mask = pack_frames(
        [e.frames for e in examples],
        [e.times_s for e in examples],
        [e.before for e in examples],
    )
    tokens, token_mask = pad_tokens([e.tokens for e in examples], max_tokens)
    false = [e.swaps[k] if k < len(e.swaps) else e.tokens for e in examples for k in range(swaps)]
    swap_tokens, swap_mask = pad_tokens(false, max_tokens)
    real = torch.tensor([[k < len(e.swaps) for k in range(swaps)] for e in examples], dtype=torch.bool)
    real = real.reshape(len(examples), swaps)
    events = [(number, event) for number, e in enumerate(examples) for event in e.events]
    event_tokens, event_mask = pad_tokens([event.tokens for _, event in events], max_tokens)
    wrong = [event.tokens if words is None else words for _, event in events for words in event.false]
    wrong_tokens, wrong_mask = pad_tokens(wrong, max_tokens)
    wrong_real = [[words is not None for words in event.false] for _, event in events]
    spans = np.zeros((len(events), mask.shape[1]), dtype=np.bool_)
    for row, (number, event) in enumerate(events):
        at = examples[number].times_s
        inside = (at >= event.start_s) & (at < event.end_s)
        if not inside.any():  # shorter than the step between frames: the nearest one
            inside[np.abs(at - (event.start_s + event.end_s) / 2).argmin()] = True
        spans[row, : len(at)] = inside
    return DualBatch(
        frames=frames,
        before=before,
        times_s=times,
        mask=mask,
        tokens=tokens,
        token_mask=token_mask,
        swap_tokens=swap_tokens,
        swap_token_mask=swap_mask,
        swap_real=real,
        event_video=torch.tensor([number for number, _ in events], dtype=torch.long),
        event_frames=torch.from_numpy(spans),
        event_tokens=event_tokens,
        event_token_mask=event_mask,
        event_swap_tokens=wrong_tokens,
        event_swap_mask=wrong_mask,
        event_swap_real=torch.tensor(wrong_real, dtype=torch.bool).reshape(len(events), -1 if wrong else 0),
        event_keys=torch.tensor([event.key for _, event in events], dtype=torch.long),
    )
