from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from vtr.cli.moments import moments_of
from vtr.cli.output import Output, clean
from vtr.cli.search import parse_heads
from vtr.cli.search_view import show_results, why_empty
from vtr.contracts.events.results import (
    HeadPart,
    HeadUsed,
    HeatMap,
    Hit,
    Manner,
    ModalityShare,
    Moment,
    ResultsRanked,
    SkippedStage,
)

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


def rendered(answer: ResultsRanked, *, color: bool = False, explain: bool = False) -> str:
    file = io.StringIO()
    console = Console(file=file, width=160, force_terminal=color, highlight=False)
    show_results(answer, Output(as_json=False, out=console, err=console), explain=explain)
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


def explained() -> ResultsRanked:
    gates = {"entity": 0.6, "action": 0.4, "scene": 0.0}
    told = hit(
        heads=(
            HeadPart(head="camoe", score=0.31, weight=0.5, gates=gates),
            HeadPart(head="vlgnet", score=1.2),
        ),
        moments=(Moment(start_s=61.0, end_s=62.0, score=0.77), Moment(start_s=64.0, end_s=65.5, score=0.2)),
        heat=HeatMap(index=1, time_s=61.5, rows=2, columns=2, values=(0.0, 1.0, 0.5, 0.0), share=0.3),
        manner=Manner(action="moves", adverb="slowly", antonym="quickly", score=0.4, antonym_score=-0.1),
    )
    used = HeadUsed(head="camoe", version="abc", candidates=50, details={"kept": 0.625})
    return results(told, hit(rank=2), heads=(used,))


def test_explained_hits_show_what_each_head_made_of_them() -> None:
    text = rendered(explained(), explain=True)
    for part in (
        "camoe 0.310 x 0.5 = +0.155 (entity 60%, action 40%)",
        "vlgnet 1.200, explains only",
        "moments: 01:01.0-01:02.0 (77%), 01:04.0-01:05.5 (20%)",
        "moves slowly +0.40 against quickly -0.10",
        "heat at 01:01.5:",
        "head camoe abc: 50 clips, kept 0.62",
    ):
        assert part in text
    assert "explains only" not in rendered(explained()), "asked for with --explain"


def test_an_answer_without_heads_says_so_when_asked_to_explain() -> None:
    assert "No head took part" in rendered(results(hit()), explain=True)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [("auto", "auto"), ("none", []), ("camoe", ["camoe"]), (" camoe, vlgnet ,", ["camoe", "vlgnet"])],
)
def test_heads_are_read_from_the_option(given: str, wanted: object) -> None:
    assert parse_heads(given) == wanted


def test_moments_of_a_head_stand_before_those_of_frames_alone() -> None:
    found = moments_of(results(hit(moment=Moment(start_s=0.0, end_s=1.0, score=0.9)), *explained().hits[:1]))
    assert [(moment.score, by) for moment, by in found] == [(0.77, "head"), (0.2, "head"), (0.9, "frames")]
