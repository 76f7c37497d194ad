"""From sampled frames to shots: contiguous, none too short or too long, each given out once it is closed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil

from video_ingest.decode import SampledFrame
from video_ingest.keyframes import pick, thin
from video_ingest.segment import Segmenter


@dataclass(frozen=True, slots=True)
class CutShot:
    """The shot ``[t0_s, t1_s)`` with the frames to keep of it, in order of time."""

    t0_s: float
    t1_s: float
    frames: tuple[SampledFrame, ...]
    last: bool


class ShotCutter:
    """Decides where shots begin and end.

    A cut that the segmenter finds counts when the shot before and what is known of the shot after it are at
    least ``min_shot_s`` long; a shot that has reached ``max_shot_s`` is ended at its next frame. So no shot
    is shorter than ``min_shot_s``, save the only one of a shorter video. A hole between two frames may make a
    shot longer than ``max_shot_s``: there is nothing in it to cut at.

    What is decided after a shot's end depends on nothing before it but the segmenter's warm-up frames, so
    cutting can go on from the end of any shot.
    """

    def __init__(
        self,
        segmenter: Segmenter,
        *,
        fps: float,
        min_shot_s: float,
        max_shot_s: float,
        keyframes: int,
        from_s: float = 0.0,
    ) -> None:
        self._segmenter = segmenter
        self._min_s = min_shot_s
        self._max_s = max_shot_s
        self._keyframes = keyframes
        self._start_s = from_s
        self._candidates: list[float] = []
        self._times: list[float] = []
        self._frames: list[SampledFrame] = []
        self._keep_last = 2 * segmenter.lag_frames + ceil(2 * min_shot_s * fps) + 2
        self._limit = 4 * keyframes + 2 * self._keep_last

    @property
    def held(self) -> int:
        """Frames in memory now."""
        return len(self._frames)

    def cut(self, frames: Iterable[SampledFrame]) -> Iterator[CutShot]:
        """The shots that are closed by ``frames``; the last one comes from :meth:`finish`."""
        for frame in frames:
            found = self._segmenter.push(frame.time_s, frame.image)
            self._candidates.extend(found)
            if frame.time_s < self._start_s:
                continue
            self._times.append(frame.time_s)
            self._frames.append(frame)
            self._frames = thin(self._frames, limit=self._limit, keep_last=self._keep_last)
            while (end_s := self._next_end()) is not None:
                yield self._close(end_s, last=False)

    def finish(self, end_s: float) -> CutShot | None:
        """The shot that is open when the video ends at ``end_s``; None when there is no frame in it."""
        if not self._frames:
            return None
        # Times are told apart at milliseconds, and the last frame is shown for a while.
        return self._close(max(end_s, self._times[-1] + 0.001, self._start_s + 0.001), last=True)

    def _next_end(self) -> float | None:
        if not self._times:
            return None
        latest = self._times[-1]
        self._candidates = [cut for cut in self._candidates if cut >= self._start_s + self._min_s]
        # Not at the first frame, which may come late in the first shot: no shot is without a frame.
        forced = next((time for time in self._times[1:] if time >= self._start_s + self._max_s), None)
        if self._candidates and (forced is None or self._candidates[0] <= forced):
            end_s = self._candidates[0]
        elif forced is not None and self._times[-1 - self._lag()] >= forced:
            # So many frames later, no cut before this time can still be reported.
            end_s = forced
        else:
            return None
        return end_s if latest >= end_s + self._min_s else None

    def _lag(self) -> int:
        return min(self._segmenter.lag_frames, len(self._times) - 1)

    def _close(self, end_s: float, *, last: bool) -> CutShot:
        inside = [frame for frame in self._frames if last or frame.time_s < end_s]
        shot = CutShot(
            t0_s=self._start_s,
            t1_s=end_s,
            frames=tuple(pick(_of_one_size(inside), self._start_s, end_s, self._keyframes)),
            last=last,
        )
        self._frames = self._frames[len(inside) :]
        self._times = [time for time in self._times if not last and time >= end_s]
        self._start_s = end_s
        return shot


def _of_one_size(frames: list[SampledFrame]) -> list[SampledFrame]:
    """The frames of the size that most have: a stream may change its size, a frame pack does not."""
    sizes = Counter(frame.image.shape for frame in frames)
    size, count = sizes.most_common(1)[0]
    return frames if count == len(frames) else [frame for frame in frames if frame.image.shape == size]
