"""Which frames of a shot are kept."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Protocol, TypeVar


class Timed(Protocol):
    """Something that lies at a time."""

    @property
    def time_s(self) -> float: ...


T = TypeVar("T", bound=Timed)


def pick(frames: Sequence[T], t0_s: float, t1_s: float, count: int) -> list[T]:
    """Up to ``count`` of ``frames`` (in order of time), spread evenly over ``[t0_s, t1_s)``.

    The shot is divided into ``count`` equal parts; of each, the frame nearest to the middle is taken, once.
    """
    if len(frames) <= count:
        return list(frames)
    times = [frame.time_s for frame in frames]
    chosen: list[int] = []
    for part in range(count):
        middle = t0_s + (part + 0.5) * (t1_s - t0_s) / count
        after = bisect_left(times, middle)
        nearest = min(
            (index for index in (after - 1, after) if 0 <= index < len(times)),
            key=lambda index: (abs(times[index] - middle), index),
        )
        if not chosen or nearest > chosen[-1]:
            chosen.append(nearest)
    return [frames[index] for index in chosen]


def thin(frames: list[T], *, limit: int, keep_last: int) -> list[T]:
    """Drop frames until there are no more than ``limit``, so that those that stay lie evenly in time.

    Each time, the one whose neighbours are nearest to each other goes. The first stays, and so do the last
    ``keep_last``: a cut may still be found there, and each shot needs its first frames.
    """
    kept = frames
    while len(kept) > limit:
        inner = range(1, len(kept) - keep_last)
        if not inner:
            break
        crowded = min(inner, key=lambda index: kept[index + 1].time_s - kept[index - 1].time_s)
        kept = kept[:crowded] + kept[crowded + 1 :]
    return kept
