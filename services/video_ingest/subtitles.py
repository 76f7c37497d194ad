"""Text subtitles that lie in a media file's own streams."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from av.error import FFmpegError
from av.stream import Disposition

from vtr.contracts.events.videos import Caption

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.subtitles.stream import SubtitleStream

TEXT_CODECS = frozenset({"ass", "mov_text", "srt", "ssa", "subrip", "text", "webvtt"})

_MAX_CAPTIONS = 50_000
_MAX_TEXT = 10_000
_DEFAULT_DURATION_S = 3.0
_OVERRIDES = re.compile(r"\{\\[^}]*\}|<[^>]{1,200}>")
_BREAKS = re.compile(r"\\[Nnh]|\s+")


def choose_stream(container: InputContainer, language: str | None) -> SubtitleStream | None:
    """The text subtitle stream to read: of the wanted language, else the default one, else the first."""
    streams = [
        s
        for s in container.streams.subtitles
        if s.codec_context is not None and s.codec_context.name in TEXT_CODECS
    ]
    if not streams:
        return None

    def preference(stream: SubtitleStream) -> tuple[bool, bool, bool, int]:
        return (
            _same_language(stream.language, language),
            not stream.disposition & Disposition.forced,
            bool(stream.disposition & Disposition.default),
            -stream.index,
        )

    return max(streams, key=preference)


class SubtitleReader:
    """Collects the captions of one subtitle stream, packet by packet; what cannot be decoded is left out."""

    def __init__(self, stream: SubtitleStream, start_s: float) -> None:
        self._stream = stream
        self._start_s = start_s
        self.captions: list[Caption] = []

    def see(self, packet: Packet[Stream]) -> None:
        """Take what ``packet`` says."""
        if packet.pts is None or len(self.captions) >= _MAX_CAPTIONS:
            return
        try:
            subtitles = self._stream.decode(packet)
        except (FFmpegError, ValueError):
            return
        text = plain_text(" ".join(_dialogue(subtitle) for subtitle in subtitles))
        start_s = max(0.0, float(packet.pts * packet.time_base) - self._start_s)
        length_s = float(packet.duration * packet.time_base) if packet.duration else _DEFAULT_DURATION_S
        if text:
            self.captions.append(Caption(start_s=start_s, end_s=start_s + max(0.0, length_s), text=text))


def plain_text(text: str) -> str:
    """``text`` without the override codes of ASS and the tags of SubRip and WebVTT, on one line."""
    return _BREAKS.sub(" ", _OVERRIDES.sub("", text)).strip()[:_MAX_TEXT]


def _dialogue(subtitle: object) -> str:
    raw = getattr(subtitle, "dialogue", b"") or getattr(subtitle, "text", b"")
    return raw.decode("utf-8", errors="replace") if isinstance(raw, bytes) else str(raw)


def _same_language(stream: str | None, wanted: str | None) -> bool:
    """Containers carry ISO 639-2 codes, events BCP 47 tags; the first two letters mostly agree."""
    return bool(stream and wanted) and str(stream)[:2].lower() == str(wanted)[:2].lower()
