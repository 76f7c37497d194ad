"""Frames and samples to an MP4 file of H.264 and AAC, the same bytes for the same input."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray


def write_video(
    path: Path, frames: NDArray[np.uint8], fps: int, samples: NDArray[np.int16], rate: int
) -> None:
    """Write RGB ``frames`` [T, H, W, 3] and mono ``samples`` to ``path``; all of it or nothing.

    One encoder thread and no dates, as both would change the bytes from run to run. H and W must be even.
    """
    _, height, width, _ = frames.shape
    if height % 2 or width % 2:
        raise ValueError(f"frames: {width}x{height} px has an odd side, which 4:2:0 video cannot have")
    half = path.with_suffix(".part")
    with av.open(str(half), "w", format="mp4", options={"fflags": "+bitexact"}) as container:
        video = container.add_stream(
            "libx264",
            rate=fps,
            options={
                "preset": "veryfast",
                "crf": "24",
                "threads": "1",
                "g": str(3 * fps),
                # With its assembly, x264 gives other bytes now and then: once in some hundred runs at 64 px.
                "x264-params": "asm=0",
            },
        )
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        audio = container.add_stream("aac", rate=rate, options={"aac_coder": "fast"})
        audio.layout, audio.bit_rate = "mono", 32_000
        for image in frames:
            container.mux(video.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(video.encode(None))
        sound = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        sound.sample_rate = rate
        container.mux(audio.encode(sound))
        container.mux(audio.encode(None))
    half.replace(path)
