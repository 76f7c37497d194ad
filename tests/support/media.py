"""Small real videos, made by PyAV, deterministic."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import PictureType
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Painter = Callable[[float], Picture]

# Far apart in hue, so that a change from one to the next is a cut for any detector.
SCENE_COLOURS = ((200, 40, 40), (40, 180, 60), (50, 60, 210), (210, 200, 50), (180, 60, 190), (60, 190, 200))
SAMPLE_RATE = 16_000


def scenes(cuts: Sequence[float] = (), *, size: tuple[int, int] = (64, 48)) -> Painter:
    """A painter whose colour changes at each time of ``cuts``, with a small square moving through."""
    width, height = size

    def paint(time_s: float) -> Picture:
        scene = sum(time_s >= cut - 1e-9 for cut in cuts)
        image = np.empty((height, width, 3), dtype=np.uint8)
        image[:] = SCENE_COLOURS[scene % len(SCENE_COLOURS)]
        side = max(1, min(width, height) // 6)
        left = int(time_s * 7) % max(1, width - side)
        image[:side, left : left + side] = 255
        return image

    return paint


def halves(size: tuple[int, int] = (64, 48)) -> Painter:
    """A painter of a still picture, red above and blue below: what is up shows after a rotation."""
    width, height = size
    image = np.zeros((height, width, 3), dtype=np.uint8)
    image[: height // 2, :, 0] = 220
    image[height // 2 :, :, 2] = 220
    return lambda _time_s: image


def write_video(
    path: Path,
    *,
    seconds: float = 3.0,
    fps: float = 10.0,
    size: tuple[int, int] = (64, 48),
    painter: Painter | None = None,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    container_format: str | None = None,
    times_s: Iterable[float] | None = None,
    gop: int | None = None,
    audio: bool = False,
    rotation: float | None = None,
    subtitles: Sequence[tuple[float, float, str]] = (),
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
) -> Path:
    """Write a video and return its path.

    ``times_s`` gives each frame's time (variable rate); left out, ``seconds * fps`` frames at equal distance.
    ``rotation``: a display matrix of so many degrees counterclockwise. ``subtitles``: (start, end, text).
    """
    rate = Fraction(fps).limit_denominator(1000)
    paint = painter if painter is not None else scenes(size=size)
    times = list(times_s) if times_s is not None else [n / fps for n in range(round(seconds * fps))]
    with av.open(str(path), "w", format=container_format, options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=rate, options=options or _options(codec))
        stream.width, stream.height = size
        stream.pix_fmt = pix_fmt
        if times_s is not None:
            stream.time_base = Fraction(1, 1000)
            stream.codec_context.time_base = Fraction(1, 1000)
        if gop is not None:
            stream.gop_size = gop
        if rotation is not None:
            stream.set_display_rotation(rotation)
        sound = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono") if audio else None
        text = container.add_stream("mov_text" if path.suffix == ".mp4" else "subrip") if subtitles else None
        if text is not None:
            text.time_base = Fraction(1, 1000)
            text.codec_context.subtitle_header = b"[Script Info]\n"
        container.start_encoding()
        for number, time_s in enumerate(times):
            frame = av.VideoFrame.from_ndarray(paint(time_s), format="rgb24")
            frame.pts = round(time_s * 1000) if times_s is not None else number
            frame.time_base = Fraction(1, 1000) if times_s is not None else 1 / rate
            frame.pict_type = PictureType.NONE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sound is not None:
            for frame_ in tone(seconds):
                container.mux(sound.encode(frame_))
            container.mux(sound.encode(None))
        if text is not None:
            for start_s, end_s, words in subtitles:
                packet = av.Packet(_subtitle_payload(path, words))
                packet.stream = text
                packet.time_base = Fraction(1, 1000)
                packet.pts = packet.dts = round(start_s * 1000)
                packet.duration = round((end_s - start_s) * 1000)
                container.mux(packet)
    return path


def write_audio(
    path: Path, *, seconds: float = 2.0, codec: str = "aac", container_format: str | None = None
) -> Path:
    """Write a file with a tone and no video."""
    with av.open(str(path), "w", format=container_format) as container:
        stream = container.add_stream(codec, rate=SAMPLE_RATE, layout="mono")
        for frame in tone(seconds):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def tone(seconds: float, *, frequency: float = 440.0) -> Iterator[av.AudioFrame]:
    """A sine, in frames of 1024 samples, 16 kHz mono."""
    total = round(seconds * SAMPLE_RATE)
    for start in range(0, total, 1024):
        n = np.arange(start, min(start + 1024, total))
        wave = (0.3 * np.sin(2 * np.pi * frequency * n / SAMPLE_RATE)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(wave.reshape(1, -1), format="fltp", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        frame.pts = start
        frame.time_base = Fraction(1, SAMPLE_RATE)
        yield frame


def _options(codec: str) -> dict[str, str]:
    if codec in ("libx264", "libx265"):
        return {
            "preset": "ultrafast",
            "crf": "23",
            **({"x265-params": "log-level=none"} if codec == "libx265" else {}),
        }
    if codec == "libvpx-vp9":
        return {"deadline": "realtime", "cpu-used": "8"}
    if codec == "mpeg4":
        return {"qscale": "4", "b": "800k"}
    return {}


def _subtitle_payload(path: Path, words: str) -> bytes:
    data = words.encode()
    return len(data).to_bytes(2, "big") + data if path.suffix == ".mp4" else data
