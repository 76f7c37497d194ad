"""The sound of a shot as a FLAC file: 16 kHz, mono, 16 bit."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import av
from av.audio.resampler import AudioResampler
from av.error import FFmpegError

from video_ingest.media_file import Faults, open_media, packets

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000


class AudioReader:
    """Reads a file's first audio stream forwards, once, shot after shot."""

    def __init__(self, path: Path, name: str, *, start_s: float) -> None:
        self._container = open_media(path, name)
        self._start_s = start_s
        self._chunks = self._resampled()
        self._held: deque[tuple[int, NDArray[np.int16]]] = deque()
        self._end = 0

    def cut(self, t0_s: float, t1_s: float) -> bytes | None:
        """The sound of ``[t0_s, t1_s)``, silence where there is none; None when all of it is missing.

        Calls must come in order of time.
        """
        first, end = round(t0_s * SAMPLE_RATE), round(t1_s * SAMPLE_RATE)
        while self._end < end:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            self._end = chunk[0] + len(chunk[1])
            if self._end > first:
                self._held.append(chunk)
        samples = np.zeros(max(1, end - first), dtype=np.int16)
        filled = False
        for start, values in self._held:
            low, high = max(start, first), min(start + len(values), end)
            if low < high:
                samples[low - first : high - first] = values[low - start : high - start]
                filled = True
        while self._held and self._held[0][0] + len(self._held[0][1]) <= end:
            self._held.popleft()
        return encode_flac(samples) if filled else None

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def _resampled(self) -> Iterator[tuple[int, NDArray[np.int16]]]:
        """Chunks of mono samples with the index of their first sample since the start of the video."""
        stream = self._container.streams.audio[0]
        resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
        faults = Faults()
        position: int | None = None
        for packet in packets(self._container, [stream], faults):
            try:
                frames: list[AudioFrame] = [
                    out for frame in stream.decode(packet) for out in resampler.resample(frame)
                ]
            except (FFmpegError, ValueError):
                continue
            for frame in frames:
                values = frame.to_ndarray().reshape(-1).astype(np.int16, copy=False)
                if position is None:
                    time_s = frame.time if frame.time is not None else self._start_s
                    position = round((time_s - self._start_s) * SAMPLE_RATE)
                yield position, values
                position += len(values)


def encode_flac(samples: NDArray[np.int16]) -> bytes:
    """A FLAC file of mono samples at :data:`SAMPLE_RATE`."""
    buffer = io.BytesIO()
    with av.open(buffer, mode="w", format="flac") as container:
        stream = container.add_stream("flac", rate=SAMPLE_RATE, layout="mono", format="s16")
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()
