"""Frames a second: video_ingest, from probe to frame packs, against PyAV that only decodes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import av

from support.comparing import compare
from support.media import scenes, write_video
from video_ingest.settings import CutSettings, DecodeSettings
from video_ingest.video import MediaFiles
from vtr.media.framepack import write_pack

SECONDS, FPS, SIZE = 30.0, 25.0, (640, 360)
FRAMES = int(SECONDS * FPS)


def _bare(path: Path, *, to_rgb: bool) -> Callable[[], float]:
    def measure() -> float:
        began, frames = time.perf_counter(), 0
        with av.open(str(path)) as container:
            container.streams.video[0].thread_type = "AUTO"
            for frame in container.decode(video=0):
                frames += 1
                if to_rgb:
                    frame.to_ndarray(format="rgb24")
        assert frames == FRAMES
        return frames / (time.perf_counter() - began)

    return measure


def _ingest(path: Path) -> Callable[[], float]:
    videos = MediaFiles(DecodeSettings(), CutSettings())

    def measure() -> float:
        began, shots, end_s = time.perf_counter(), 0, 0.0
        with videos.open(path, name=path.name, language=None) as video:
            for shot in video.shots():
                write_pack(shot.frames, width=shot.width, height=shot.height)
                shots, end_s = shots + 1, shot.t1_s
        assert shots >= SECONDS / CutSettings().max_shot_s
        assert abs(end_s - SECONDS) < 0.1
        return FRAMES / (time.perf_counter() - began)

    return measure


def test_ingest(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    cuts = [7.0 * number for number in range(1, 5)]
    write_video(path, seconds=SECONDS, fps=FPS, size=SIZE, painter=scenes(cuts, size=SIZE))
    compare(
        f"{SECONDS:g} s of {SIZE[0]}x{SIZE[1]} H.264 at {FPS:g} fps, drawn",
        "frames of the file/s",
        {
            "PyAV decodes": _bare(path, to_rgb=False),
            "PyAV decodes, all to RGB": _bare(path, to_rgb=True),
            "video_ingest": _ingest(path),
        },
        to="PyAV decodes",
        packages=("av", "scenedetect-headless"),
        repeats=3,
    )
