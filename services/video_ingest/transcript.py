"""The words of a video: from the event, from a captions file beside it, or from its own subtitles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pysubs2

from video_ingest.ports import Sources
from video_ingest.subtitles import plain_text
from vtr.contracts.events.videos import Caption, VideoSubmitted
from vtr.contracts.step import Rejected

Source = Literal["none", "captions", "sidecar", "subtitles"]

MAX_CHARACTERS = 100_000
_ENCODINGS = ("utf-8-sig", "utf-16", "cp1252", "latin-1")


class CaptionsError(ValueError):
    """Bytes are not a captions file; the message says why."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """Captions in order of time, where they come from, and what was wrong with a file that was not used."""

    captions: tuple[Caption, ...] = ()
    source: Source = "none"
    note: str | None = None

    def during(self, t0_s: float, t1_s: float) -> str:
        """What is said in ``[t0_s, t1_s)``: every caption that is on screen for a part of it."""
        said = [
            caption.text.strip()
            for caption in self.captions
            if (caption.start_s < t1_s and caption.end_s > t0_s) or t0_s <= caption.start_s < t1_s
        ]
        return " ".join(text for text in said if text)[:MAX_CHARACTERS]


def collect(event: VideoSubmitted, sources: Sources, subtitles: Sequence[Caption]) -> Transcript:
    """The transcript of a submitted video. A captions file that cannot be used is noted, not fatal.

    Raises :class:`~vtr.contracts.step.Unavailable` while the captions file cannot be reached.
    """
    if event.captions:
        return Transcript(_ordered(event.captions), "captions")
    note = None
    if event.captions_uri is not None:
        try:
            return Transcript(_ordered(parse(sources.read_captions(event.captions_uri))), "sidecar")
        except Rejected as error:
            note = f"captions_uri: {error.message}"
        except CaptionsError as error:
            note = f"captions_uri: {event.captions_uri}: {error}"
    if subtitles:
        return Transcript(_ordered(subtitles), "subtitles", note)
    return Transcript(note=note)


def parse(data: bytes) -> list[Caption]:
    """The captions of a SubRip, WebVTT or ASS file. Raises :class:`CaptionsError`."""
    if b"\x00" in data and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        raise CaptionsError("is binary, not a SubRip or WebVTT file")
    text = _text(data)
    head = text.lstrip()[:2000]
    if head.startswith("WEBVTT"):
        form = "vtt"
    elif head.startswith("[Script Info]"):
        form = "ass"
    else:
        form = "srt"
    try:
        events = list(pysubs2.SSAFile.from_string(text, format_=form))
    except (pysubs2.exceptions.Pysubs2Error, ValueError, IndexError, KeyError) as error:
        raise CaptionsError(f"is not a SubRip or WebVTT file ({error})") from error
    captions = []
    for event in events:
        said = plain_text(event.plaintext)
        if said and event.end >= event.start >= 0:
            captions.append(Caption(start_s=event.start / 1000, end_s=event.end / 1000, text=said))
    if not captions:
        raise CaptionsError("has no captions in SubRip or WebVTT form")
    return captions


def _text(data: bytes) -> str:
    for encoding in _ENCODINGS:
        if encoding == "utf-16" and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            continue
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise CaptionsError("is not text")


def _ordered(captions: Sequence[Caption]) -> tuple[Caption, ...]:
    return tuple(sorted(captions, key=lambda caption: (caption.start_s, caption.end_s)))
