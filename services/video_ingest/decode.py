"""Frames of a video, a few a second, with memory that does not depend on its length."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING

import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from video_ingest.media_file import Faults, packets
from video_ingest.ports import VideoInfo
from video_ingest.timeline import MAX_GAP_S, Timeline
from vtr.observability import metrics

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

# A seek lands this much before where it must, since the frames right after it may lack their references.
_SEEK_MARGIN_S = 2.0
# So many times as many frames as are sampled leave enough when those that no other refers to are skipped.
_PLENTY = 3
_MAX_SKIPPED_AT_END = 16
_SAR_RANGE = (Fraction(1, 8), Fraction(8))


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class SampledFrame:
    """A frame that is looked at: upright, RGB ``[height, width, 3]`` uint8, ``time_s`` since the start."""

    time_s: float
    image: NDArray[np.uint8]


class FrameSampler:
    """Decodes one video stream and yields the first frame of every ``1 / fps`` seconds.

    Which frames these are depends on their times alone, so reading from the middle samples the same ones.
    """

    def __init__(
        self,
        container: InputContainer,
        stream: VideoStream,
        info: VideoInfo,
        *,
        fps: float,
        max_side: int,
        max_pixels: int,
        max_duration_s: float,
        threads: int = 0,
        skip_unreferenced: bool = True,
    ) -> None:
        self._container = container
        self._stream = stream
        self._info = info
        self._fps = fps
        self._max_side = max_side
        self._max_pixels = max_pixels
        self._max_duration_s = max_duration_s
        self.faults = Faults()
        self.frames = 0
        """Frames that the decoder returned."""
        self.end_s = 0.0
        """Where the last frame decoded so far ends."""
        stream.thread_type = "AUTO"
        stream.thread_count = threads
        stream.codec_context.options = {"max_pixels": str(max_pixels)}
        # Up to half of the decoder's work goes into frames that are neither looked at nor needed for others.
        # Without timestamps they must be counted, though.
        self._skipping = skip_unreferenced and info.seekable and info.fps >= _PLENTY * fps
        if self._skipping:
            stream.codec_context.skip_frame = "NONREF"

    def sample(self, from_s: float = 0.0) -> Iterator[SampledFrame]:
        """The sampled frames from about ``from_s`` on, none of them late: a seek that fails starts over."""
        if from_s > 0 and self._info.seekable and self._seek(from_s - _SEEK_MARGIN_S):
            yield from self._sample(from_s, after_seek=True)
        else:
            yield from self._sample(from_s, after_seek=False)

    def video_end_s(self) -> float:
        """Where the video ends, once all of it is sampled."""
        if self._skipping and 0 < self._info.duration_s - self.end_s <= _MAX_SKIPPED_AT_END / self._info.fps:
            return self._info.duration_s
        return min(self.end_s, self._max_duration_s)

    def _seek(self, to_s: float) -> bool:
        base = self._stream.time_base
        if to_s <= 0 or base is None:
            return False
        try:
            self._container.seek(floor((to_s + self._info.start_s) / base), stream=self._stream)
        except FFmpegError:
            return False
        return True

    def _sample(self, from_s: float, *, after_seek: bool) -> Iterator[SampledFrame]:
        timeline = Timeline(start_s=self._info.start_s, fps=self._info.fps)
        if after_seek:
            timeline.resume(max(0.0, from_s - MAX_GAP_S))
        slot = -1
        for frame in self._frames():
            stamp = frame.pts
            base = frame.time_base or self._stream.time_base
            time_s = timeline.at(None if stamp is None or base is None else float(stamp * base))
            if time_s is None:
                continue
            if after_seek and time_s > from_s:
                # The index of the file pointed too late: decode from the start instead.
                self._container.seek(0)
                yield from self._sample(from_s, after_seek=False)
                return
            after_seek = False
            if time_s >= self._max_duration_s:
                return
            self.frames += 1
            self.end_s = round(time_s + self._frame_length(frame), 6)
            this_slot = floor(time_s * self._fps + 1e-6)
            if this_slot == slot:
                continue
            slot = this_slot
            if time_s >= from_s:
                image = self._picture(frame)
                if image is not None:
                    yield SampledFrame(time_s, image)

    def _frames(self) -> Iterator[VideoFrame]:
        """All frames in order of presentation; damaged packets are counted and passed over."""
        for packet in packets(self._container, [self._stream], self.faults):
            yield from self._decode(packet)
        # Where demuxing ended with a fault, no packet told the decoder to give what it holds.
        yield from self._decode(None)

    def _decode(self, packet: Packet[Stream] | None) -> Iterator[VideoFrame]:
        try:
            frames = self._stream.decode(packet)
        except EOFError:
            return
        except FFmpegError:
            self.faults.decode += 1
            return
        metrics.FRAMES_DECODED.inc(len(frames))
        for frame in frames:
            if frame.is_corrupt:
                self.faults.corrupt_frames += 1
            yield frame

    def _frame_length(self, frame: VideoFrame) -> float:
        base = frame.time_base
        length = float(frame.duration * base) if frame.duration and base is not None else 0.0
        return min(length, MAX_GAP_S) if length > 0 else 1.0 / self._info.fps

    def _picture(self, frame: VideoFrame) -> NDArray[np.uint8] | None:
        if frame.width * frame.height > self._max_pixels:
            self.faults.decode += 1
            return None
        width, height = fit(frame.width, frame.height, self._sample_aspect(), self._max_side)
        try:
            small = frame.reformat(width=width, height=height, format="rgb24", interpolation="AREA")
            image = np.asarray(small.to_ndarray(), dtype=np.uint8)
        except (FFmpegError, ValueError):
            self.faults.decode += 1
            return None
        # The display matrix says how far to turn counterclockwise; rot90 turns the same way.
        turns = round(frame.rotation / 90) % 4
        return np.ascontiguousarray(np.rot90(image, turns)) if turns else image

    def _sample_aspect(self) -> Fraction:
        ratio = self._stream.sample_aspect_ratio
        if ratio is None or not _SAR_RANGE[0] <= ratio <= _SAR_RANGE[1]:
            return Fraction(1)
        return ratio


def fit(width: int, height: int, sample_aspect: Fraction, max_side: int) -> tuple[int, int]:
    """The size at which a coded frame is shown with square pixels, no side longer than ``max_side``."""
    shown = float(width * sample_aspect)
    scale = min(1.0, max_side / max(shown, height))
    return max(1, round(shown * scale)), max(1, round(height * scale))
