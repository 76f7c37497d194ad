"""A look at a media file before anything is decoded: which streams, how long really, which subtitles."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from av.error import FFmpegError
from av.stream import Disposition

from video_ingest.media_file import Faults, packets
from video_ingest.ports import VideoInfo
from video_ingest.subtitles import SubtitleReader, choose_stream
from video_ingest.timeline import MAX_GAP_S, MAX_STEP_BACK_S, frame_rate
from vtr.contracts.events.videos import Caption
from vtr.contracts.step import Rejected

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

# A header may round; a difference beyond both bounds is worth a note.
_DURATION_SLACK_S = 2.0
_DURATION_SLACK_SHARE = 0.05

_MAX_REORDERED = 32


@dataclass(frozen=True, slots=True)
class Survey:
    """What :func:`survey` found."""

    info: VideoInfo
    subtitles: tuple[Caption, ...]


def video_stream(container: InputContainer, name: str, *, max_pixels: int) -> VideoStream:
    """The stream to index: the default one, else the one with most pixels; cover pictures do not count.

    Raises :class:`Rejected`: ``no-video-stream``, ``unsupported-codec``, ``too-large-frame``.
    """
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not streams:
        raise Rejected("no-video-stream", f"{name}: has no video stream")
    decodable = [s for s in streams if _has_decoder(s)]
    if not decodable:
        raise Rejected("unsupported-codec", f"{name}: no decoder for its video codec {_codec(streams[0])}")
    stream = max(
        decodable, key=lambda s: (bool(s.disposition & Disposition.default), s.width * s.height, -s.index)
    )
    if stream.width * stream.height > max_pixels:
        raise Rejected(
            "too-large-frame",
            f"{name}: frames of {stream.width}x{stream.height} have more than {max_pixels} pixels",
        )
    return stream


def survey(
    container: InputContainer, stream: VideoStream, name: str, *, language: str | None, max_duration_s: float
) -> Survey:
    """Read through all packets once, decoding only subtitles.

    Raises :class:`Rejected` ``no-frames`` when the video stream has no packet.
    """
    declared_s = container.duration / 1_000_000 if container.duration else None
    start_s = _start(container, stream)
    faults = Faults()
    clock = _PacketClock(start_s)
    subtitle_stream = choose_stream(container, language)
    reader = SubtitleReader(subtitle_stream, start_s) if subtitle_stream is not None else None
    time_base = stream.time_base
    wanted = [stream] if subtitle_stream is None else [stream, subtitle_stream]
    for packet in packets(container, wanted, faults):
        if packet.size == 0:
            continue
        if packet.stream_index == stream.index:
            clock.see(
                None if packet.pts is None or time_base is None else float(packet.pts * time_base),
                None if packet.dts is None or time_base is None else float(packet.dts * time_base),
                float(packet.duration * time_base) if packet.duration and time_base is not None else 0.0,
            )
        elif reader is not None:
            reader.see(packet)
    if clock.packets == 0:
        raise Rejected("no-frames", f"{name}: its video stream has no frames")
    # Without timestamps, the average is one of guesses; the codec itself may know better.
    rates = (stream.average_rate, stream.guessed_rate)
    fps = frame_rate(*(rates if clock.orderly else rates[::-1]), stream.base_rate)
    duration_s = clock.end_s if clock.orderly and clock.end_s > 0 else clock.packets / fps
    info = VideoInfo(
        container=container.format.name,
        codec=_codec(stream),
        width=stream.width,
        height=stream.height,
        fps=fps,
        duration_s=round(min(duration_s, max_duration_s), 3),
        packets=clock.packets,
        start_s=start_s,
        seekable=clock.orderly and faults.demux == 0,
        has_audio=any(_has_decoder(s) for s in container.streams.audio),
    )
    notes = []
    if declared_s is not None and abs(declared_s - duration_s) > max(
        _DURATION_SLACK_S, _DURATION_SLACK_SHARE * duration_s
    ):
        notes.append(f"the file declares {declared_s:.1f} s of video and holds {duration_s:.1f} s")
    if duration_s > max_duration_s:
        notes.append(f"only the first {max_duration_s:.0f} s are indexed")
    if faults.demux:
        notes.append(f"{faults.demux} damaged places in the container were skipped")
    return Survey(replace(info, notes=tuple(notes)), tuple(reader.captions) if reader is not None else ())


class _PacketClock:
    """Follows the timestamps of a stream's packets: orderly while all have one and none jumps."""

    def __init__(self, start_s: float) -> None:
        self._start_s = start_s
        self._latest_s: float | None = None
        self.packets = 0
        self.orderly = True
        self.end_s = 0.0

    def see(self, pts_s: float | None, dts_s: float | None, duration_s: float) -> None:
        self.packets += 1
        if pts_s is None:
            self.orderly = False
            return
        if dts_s is not None:
            stamp_s, may_step_back_s = dts_s, 0.0
        else:
            # Matroska stores no decoding times, so that packets come a little out of order.
            stamp_s, may_step_back_s = pts_s, MAX_STEP_BACK_S + _MAX_REORDERED * duration_s
        latest = self._latest_s
        if latest is None:
            self.orderly = -MAX_STEP_BACK_S <= pts_s - self._start_s <= MAX_GAP_S
        elif not -may_step_back_s <= stamp_s - latest <= MAX_GAP_S:
            self.orderly = False
        self._latest_s = stamp_s if latest is None else max(latest, stamp_s)
        self.end_s = max(self.end_s, pts_s - self._start_s + min(duration_s, MAX_GAP_S))


def _start(container: InputContainer, stream: VideoStream) -> float:
    """Time 0 of the file: where its first stream starts, unless the video starts long after that."""
    first = container.start_time / 1_000_000 if container.start_time is not None else None
    own = (
        float(stream.start_time * stream.time_base)
        if stream.start_time is not None and stream.time_base is not None
        else None
    )
    if first is None or (own is not None and not 0 <= own - first <= MAX_GAP_S):
        return own or 0.0
    return first


def _has_decoder(stream: object) -> bool:
    try:
        return getattr(stream, "codec_context", None) is not None
    except (FFmpegError, ValueError):
        return False


def _codec(stream: VideoStream) -> str:
    context = getattr(stream, "codec_context", None)
    return str(context.name) if context is not None else "(unknown)"
