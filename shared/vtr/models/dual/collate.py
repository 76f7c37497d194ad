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
    """A single event in [start_s, end_s) with its caption's word numbers; ``key`` as in the batch."""

    start_s: float
    end_s: float
    tokens: list[int]
    key: int


@dataclass(frozen=True)
class Example:
    """``frames`` uint8 [T, side, side, 3] at ``times_s`` [T], a caption, false captions, events.

    ``before``: the frame before each, where frames between were left out; None: none were.
    """

    frames: NDArray[np.uint8]
    times_s: NDArray[np.float32]
    tokens: list[int]
    swaps: list[list[int]]
    events: list[EventExample]
    before: NDArray[np.uint8] | None = None


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


def frames_before(video: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The frame before each of [T, ...]; before the first stands itself."""
    return np.concatenate([video[:1], video[:-1]])


def pack_frames(
    videos: Sequence[NDArray[np.uint8]],
    times_s: Sequence[NDArray[np.float32]],
    before: Sequence[NDArray[np.uint8]] | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """``frames``, ``before``, ``times_s``, ``mask`` as :class:`DualBatch` has them; times padded with 0.

    ``before``: the frame before each, where frames between were left out; None: none were.
    """
    longest = max(len(video) for video in videos)
    mask = np.zeros((len(videos), longest), dtype=np.bool_)
    times = np.zeros(mask.shape, dtype=np.float32)
    for number, of_video in enumerate(times_s):
        mask[number, : len(of_video)] = True
        times[number, : len(of_video)] = of_video
    frames = np.concatenate(videos)
    earlier = np.concatenate(before if before is not None else [frames_before(video) for video in videos])
    return torch.from_numpy(frames), torch.from_numpy(earlier), torch.from_numpy(times), torch.from_numpy(mask)


def collate(examples: Sequence[Example], *, swaps: int, max_tokens: int) -> DualBatch:
    """One batch; ``swaps`` false captions a video, blanks where it has fewer."""
    frames, before, times, mask = pack_frames(
        [e.frames for e in examples],
        [e.times_s for e in examples],
        [frames_before(e.frames) if e.before is None else e.before for e in examples],
    )
    tokens, token_mask = pad_tokens([e.tokens for e in examples], max_tokens)
    false = [e.swaps[k] if k < len(e.swaps) else e.tokens for e in examples for k in range(swaps)]
    swap_tokens, swap_mask = pad_tokens(false, max_tokens)
    real = torch.tensor([[k < len(e.swaps) for k in range(swaps)] for e in examples]).reshape(-1, swaps)
    events = [(number, event) for number, e in enumerate(examples) for event in e.events]
    event_tokens, event_mask = pad_tokens([event.tokens for _, event in events], max_tokens)
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
        event_keys=torch.tensor([event.key for _, event in events], dtype=torch.long),
    )
