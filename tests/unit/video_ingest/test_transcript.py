from __future__ import annotations

import pytest

from support.ingest import submitted
from video_ingest.transcript import CaptionsError, Transcript, collect, parse
from vtr.contracts.events.videos import Caption
from vtr.contracts.step import Rejected, Unavailable

SRT = "1\n00:00:01,000 --> 00:00:02,500\nHello <i>there</i>\nand here\n\n"
SRT += "2\n00:00:04,000 --> 00:00:05,000\nBye\n"
VTT = "WEBVTT\n\n00:01.000 --> 00:02.500\n<v Ann>Hello there\n\n00:04.000 --> 00:05.000\nBye\n"


class Beside:
    """Sources with one captions file, or a reason why there is none."""

    def __init__(self, answer: bytes | Exception) -> None:
        self._answer = answer

    def open(self, uri: str):  # type: ignore[no-untyped-def]
        raise AssertionError("not asked for")

    def read_captions(self, uri: str) -> bytes:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def caption(start_s: float, end_s: float, text: str) -> Caption:
    return Caption(start_s=start_s, end_s=end_s, text=text)


@pytest.mark.parametrize(
    ("data", "first"),
    [
        (SRT.encode(), "Hello there and here"),
        (SRT.replace("\n", "\r\n").encode("utf-8-sig"), "Hello there and here"),
        (SRT.encode("utf-16"), "Hello there and here"),
        (VTT.encode(), "Hello there"),
        ("1\n00:00:01,000 --> 00:00:02,500\nCafé\n".encode("cp1252"), "Café"),
    ],
)
def test_captions_files_of_all_sorts_are_read(data: bytes, first: str) -> None:
    assert parse(data)[0] == caption(1.0, 2.5, first)


@pytest.mark.parametrize(
    "data", [b"", b"no captions here", b"\x00\x01\x02\x03" * 50, b"WEBVTT\n\n", b"WEBVTT\n\n99 --> x\n"]
)
def test_what_is_no_captions_file_is_refused(data: bytes) -> None:
    with pytest.raises(CaptionsError):
        parse(data)


def test_a_caption_belongs_to_every_shot_it_is_shown_in() -> None:
    transcript = Transcript(
        (caption(0.0, 2.0, "one"), caption(2.0, 4.0, "two"), caption(9.0, 9.0, "three")), "captions"
    )
    assert transcript.during(0.0, 2.0) == "one"
    assert transcript.during(1.0, 3.0) == "one two"
    assert transcript.during(8.0, 10.0) == "three"
    assert transcript.during(5.0, 8.0) == ""


def test_captions_of_the_event_win_over_the_file_and_that_over_subtitles() -> None:
    inside = [caption(0.0, 1.0, "inside")]
    spoken = (caption(5.0, 6.0, "later"), caption(1.0, 2.0, "sooner"))
    both = submitted("v.mp4", captions=spoken, captions_uri="c.srt").event
    assert collect(both, Beside(SRT.encode()), inside).captions == (spoken[1], spoken[0])
    beside = submitted("v.mp4", captions_uri="c.srt").event
    assert collect(beside, Beside(SRT.encode()), inside).source == "sidecar"
    neither = submitted("v.mp4").event
    assert collect(neither, Beside(b""), inside) == Transcript(tuple(inside), "subtitles")
    assert collect(neither, Beside(b""), []) == Transcript()


@pytest.mark.parametrize("answer", [b"rubbish", Rejected("source-not-found", "c.srt: there is no such file")])
def test_a_captions_file_that_cannot_be_used_is_noted(answer: bytes | Exception) -> None:
    event = submitted("v.mp4", captions_uri="c.srt").event
    transcript = collect(event, Beside(answer), [caption(0.0, 1.0, "inside")])
    assert transcript.source == "subtitles"
    assert transcript.note is not None
    assert "c.srt" in transcript.note


def test_a_captions_file_that_does_not_answer_is_waited_for() -> None:
    event = submitted("v.mp4", captions_uri="c.srt").event
    with pytest.raises(Unavailable):
        collect(event, Beside(Unavailable("source", "down")), [])
