from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from vtr.cli.output import Output, clean
from vtr.cli.search_view import show_results, why_empty
from vtr.contracts.events.results import Hit, ModalityShare, Moment, ResultsRanked, SkippedStage

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def hit(**more: Any) -> Hit:
    fields: dict[str, Any] = {
        "rank": 1,
        "video_id": "vid-1",
        "clip_id": "c1",
        "score": 0.5,
        "t0_s": 60.0,
        "t1_s": 70.0,
        "moment": Moment(start_s=61.24, end_s=3661.0, score=0.4),
        "uri": "file:///v.mp4",
        "shares": (
            ModalityShare(modality="visual", cosine=0.31, rank=1, share=0.8),
            ModalityShare(modality="speech", cosine=0.11, rank=4, share=0.2),
        ),
    }
    return Hit(**(fields | more))


def results(*hits: Hit, **more: Any) -> ResultsRanked:
    fields: dict[str, Any] = {
        "query_id": "q",
        "answered_at": NOW,
        "model": "m-1",
        "hits": hits,
        "text": "a query",
        "candidates": len(hits),
        "watermark": NOW,
        "took_ms": {"retrieve": 3.21},
    }
    return ResultsRanked(**(fields | more))


def rendered(answer: ResultsRanked, *, color: bool = False) -> str:
    file = io.StringIO()
    console = Console(file=file, width=160, force_terminal=color, highlight=False)
    show_results(answer, Output(as_json=False, out=console, err=console))
    return file.getvalue()


def test_a_hit_shows_its_place_its_score_and_the_share_of_each_modality() -> None:
    text = rendered(results(hit(title="A film")))
    for part in (
        "A film",
        "vid-1",
        "01:01.2\u20131:01:01.0",
        "0.5000",
        "visual 0.310 (80%)",
        "speech 0.110 (20%)",
    ):
        assert part in text
    assert "watermark 2026-01-01T00:00:00+00:00" in text
    assert "1 candidates, model m-1, took ms: retrieve 3.2" in text


@pytest.mark.parametrize(
    "title",
    ["[bold red]x[/]", "[link=http://evil]x[/link]", "[/nothing]", "\\[x]", "[", "a [b] c", ":warning:"],
)
def test_a_title_is_never_read_as_markup(title: str) -> None:
    assert title in rendered(results(hit(title=title, transcript=title), text=title))


@pytest.mark.parametrize("bad", ["\x1b[2J", "\x07", "\x9b31m", "\u202e", "\x1b]0;owned\x07", "\ud800"])
def test_a_title_cannot_command_the_terminal(bad: str) -> None:
    text = rendered(results(hit(title=f"a{bad}b", transcript=bad), text=bad))
    assert bad not in text
    assert not set(bad) & set("\x1b\x07\x9b\u202e\ud800") & set(text)


def test_a_title_of_several_lines_stays_in_one_cell() -> None:
    assert clean("one\ntwo\r\nthree\t") == "one two  three "


@given(st.text())
def test_cleaned_text_is_printable_and_encodable(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned) == len(text)
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in cleaned)
    cleaned.encode()


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_title_breaks_the_table(title: str, query: str) -> None:
    assert "0.5000" in rendered(results(hit(title=title), text=query), color=True)


def test_an_empty_index_is_said_plainly() -> None:
    assert "Nothing is indexed yet" in rendered(results(watermark=None))
    empty = SkippedStage(stage="index", reason="empty")
    assert "Nothing is indexed yet" in rendered(results(skipped=(empty,)))


def test_an_empty_answer_tells_filters_from_failure() -> None:
    assert "No clip passes the filters" in why_empty(results())
    assert "degraded" in why_empty(results(degraded=True))
    assert why_empty(results(candidates=7)) == "No hits."


def test_a_degraded_answer_says_so_and_names_each_skipped_stage() -> None:
    text = rendered(
        results(hit(), degraded=True, skipped=(SkippedStage(stage="speech", reason="no vector [yet]"),))
    )
    assert "DEGRADED" in text
    assert "skipped speech: no vector [yet]" in text
