"""A video that is being read: probe, decode, cut and keyframes put together, over PyAV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from video_ingest.audio import AudioReader
from video_ingest.decode import FrameSampler
from video_ingest.media_file import open_media
from video_ingest.ports import Shot, VideoInfo
from video_ingest.probe import survey, video_stream
from video_ingest.segment import SceneDetectSegmenter
from video_ingest.settings import CutSettings, DecodeSettings
from video_ingest.shots import CutShot, ShotCutter
from vtr.contracts.events.videos import Caption
from vtr.media.framepack import Frame, encode_jpeg
from vtr.observability import metrics

if TYPE_CHECKING:
    from video_ingest.ports import OpenVideo


class MediaFiles:
    """Opens video files on this machine (see :class:`video_ingest.ports.Videos`)."""

    def __init__(self, decode: DecodeSettings, cut: CutSettings) -> None:
        self._decode = decode
        self._cut = cut

    @contextmanager
    def open(self, path: Path, *, name: str, language: str | None) -> Iterator[OpenVideo]:
        """Probe the file at ``path``. Raises :class:`Rejected` (see :mod:`video_ingest.probe`)."""
        with open_media(path, name) as container:
            stream = video_stream(container, name, max_pixels=self._decode.max_pixels)
            found = survey(
                container, stream, name, language=language, max_duration_s=self._decode.max_duration_s
            )
        video = MediaFile(
            path, name, found.info, subtitles=found.subtitles, decode=self._decode, cut=self._cut
        )
        try:
            yield video
        finally:
            video.close()


class MediaFile:
    """One video file (see :class:`video_ingest.ports.OpenVideo`)."""

    def __init__(
        self,
        path: Path,
        name: str,
        info: VideoInfo,
        *,
        subtitles: Sequence[Caption],
        decode: DecodeSettings,
        cut: CutSettings,
    ) -> None:
        self._path = path
        self._name = name
        self._info = info
        self._subtitles = subtitles
        self._decode = decode
        self._cut = cut
        self._sampler: FrameSampler | None = None
        self._audio: AudioReader | None = None

    @property
    def info(self) -> VideoInfo:
        return self._info

    @property
    def subtitles(self) -> Sequence[Caption]:
        return self._subtitles

    def shots(self, from_s: float = 0.0) -> Iterator[Shot]:
        """The shots from ``from_s`` on, each as soon as it is closed."""
        cut, decode = self._cut, self._decode
        segmenter = SceneDetectSegmenter(cut.detector, cut.threshold)
        cutter = ShotCutter(
            segmenter,
            fps=decode.analysis_fps,
            min_shot_s=cut.min_shot_s,
            max_shot_s=cut.max_shot_s,
            keyframes=cut.keyframes,
            from_s=from_s,
        )
        # Frames of a slow video are further apart than the samples asked for.
        warmup_s = segmenter.warmup_frames / min(decode.analysis_fps, self._info.fps)
        with open_media(self._path, self._name) as container:
            sampler = FrameSampler(
                container,
                video_stream(container, self._name, max_pixels=decode.max_pixels),
                self._info,
                fps=decode.analysis_fps,
                max_side=decode.max_side,
                max_pixels=decode.max_pixels,
                max_duration_s=decode.max_duration_s,
                threads=decode.threads,
                skip_unreferenced=decode.skip_unreferenced,
            )
            self._sampler = sampler
            for shot in cutter.cut(sampler.sample(max(0.0, from_s - warmup_s))):
                metrics.DECODED_MEDIA_SECONDS.inc(shot.t1_s - shot.t0_s)
                yield self._packed(shot)
            end = cutter.finish(sampler.video_end_s())
            if end is not None:
                metrics.DECODED_MEDIA_SECONDS.inc(end.t1_s - end.t0_s)
                yield self._packed(end)

    def notes(self) -> Sequence[str]:
        """What was wrong with the file, as far as it was read."""
        notes = list(self._info.notes)
        if self._sampler is not None:
            faults = self._sampler.faults
            if faults.decode:
                notes.append(f"{faults.decode} packets could not be decoded")
            if faults.corrupt_frames:
                notes.append(f"{faults.corrupt_frames} frames are damaged")
        return notes

    def audio(self, t0_s: float, t1_s: float) -> bytes | None:
        """The sound of a shot; shots must be asked for in order."""
        if not self._cut.audio or not self._info.has_audio:
            return None
        if self._audio is None:
            self._audio = AudioReader(self._path, self._name, start_s=self._info.start_s)
        return self._audio.cut(t0_s, t1_s)

    def close(self) -> None:
        """Close what is open."""
        if self._audio is not None:
            self._audio.close()

    def _packed(self, shot: CutShot) -> Shot:
        height, width = shot.frames[0].image.shape[:2]
        return Shot(
            t0_s=shot.t0_s,
            t1_s=shot.t1_s,
            frames=tuple(
                Frame(frame.time_s, encode_jpeg(frame.image, quality=self._cut.jpeg_quality))
                for frame in shot.frames
            ),
            width=width,
            height=height,
            last=shot.last,
        )
