"""Time of frames: from presentation timestamps where they make sense, from the frame rate where not."""

from __future__ import annotations

from fractions import Fraction

MAX_GAP_S = 900.0
"""A longer hole between two frames is a damaged timestamp, not a still picture."""

MAX_STEP_BACK_S = 1.0
"""A frame that is earlier by no more is a stray one; by more, the clock was reset."""

DEFAULT_FPS = 25.0
_FPS_RANGE = (0.05, 1000.0)


def frame_rate(*candidates: Fraction | float | None) -> float:
    """The first rate that a video can have, in frames a second."""
    for candidate in candidates:
        if candidate is not None and _FPS_RANGE[0] <= float(candidate) <= _FPS_RANGE[1]:
            return float(candidate)
    return DEFAULT_FPS


class Timeline:
    """Gives each frame, in order of presentation, a time that is never before the last one's.

    A missing timestamp continues at the frame rate. A jump (a reset clock, a damaged timestamp) does too,
    and the new clock is followed from there.
    """

    def __init__(self, *, start_s: float, fps: float) -> None:
        self._offset_s = -start_s
        self._frame_s = 1.0 / fps
        self._last_s: float | None = None
        self.jumps = 0

    def at(self, pts_s: float | None) -> float | None:
        """Seconds since the start of the video; None for a frame to skip, as it repeats or precedes one."""
        last = self._last_s
        if pts_s is None:
            self._last_s = 0.0 if last is None else round(last + self._frame_s, 6)
            return self._last_s
        time_s = round(pts_s + self._offset_s, 6)
        if last is None:
            if not -MAX_STEP_BACK_S <= time_s <= MAX_GAP_S:
                time_s = self._rebase(pts_s, 0.0)
            time_s = max(0.0, time_s)
        elif time_s > last + MAX_GAP_S or time_s < last - MAX_STEP_BACK_S:
            time_s = self._rebase(pts_s, round(last + self._frame_s, 6))
        elif time_s <= last:
            return None
        self._last_s = time_s
        return time_s

    def resume(self, time_s: float) -> None:
        """Take it that the frame before lay at ``time_s``: for reading on after a seek."""
        self._last_s = time_s

    def _rebase(self, pts_s: float, time_s: float) -> float:
        self.jumps += 1
        self._offset_s = time_s - pts_s
        return time_s
