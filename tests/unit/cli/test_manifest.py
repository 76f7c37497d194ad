from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vtr.cli.errors import CliError
from vtr.cli.exit_codes import ExitCode
from vtr.cli.manifest import read_manifest
from vtr.cli.submission import Refusal
from vtr.contracts.events import VideoSubmitted
from vtr.contracts.ids import video_id


def read(path: Path, **more: object) -> tuple[list[VideoSubmitted], list[Refusal]]:
    items = list(read_manifest(path, tenant="default", defaults=dict(more)))
    return (
        [item for item in items if isinstance(item, VideoSubmitted)],
        [item for item in items if isinstance(item, Refusal)],
    )


def test_a_csv_line_carries_every_column(tmp_path: Path) -> None:
    path = tmp_path / "videos.csv"
    path.write_text(
        "uri,title,description,tags,language,video_id,captions_uri,published_at\n"
        "https://x.org/a.mp4,A,About a,one; two,en,vid-1,a.srt,2026-01-31\n"
    )
    (event,), refused = read(path)
    assert not refused
    assert event.uri == "https://x.org/a.mp4"
    assert (event.title, event.description, event.tags) == ("A", "About a", ("one", "two"))
    assert (event.language, event.video_id) == ("en", "vid-1")
    assert event.captions_uri == f"file://{tmp_path}/a.srt"
    assert event.published_at == datetime(2026, 1, 31, tzinfo=UTC)


def test_relative_paths_start_at_the_manifest_and_are_not_percent_encoded(tmp_path: Path) -> None:
    path = tmp_path / "videos.jsonl"
    path.write_text('{"uri": "sub/my film.mp4"}\n')
    (event,), _ = read(path)
    assert event.uri == f"file://{tmp_path}/sub/my film.mp4"
    assert event.title == "my film"
    assert event.video_id == video_id("default", event.uri)


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("{", "", "is not JSON"),
        ("[1]", "", "is not a JSON object but list"),
        ('{"title": "t"}', "uri", "is missing"),
        ('{"uri": 3}', "uri", "3 is not text"),
        ('{"uri": "a.mp4", "titel": "t"}', "titel", "is not a column"),
        ('{"uri": "a.mp4", "video_id": "a b"}', "video_id", "matching regex"),
        ('{"uri": "a.mp4", "language": "not a language"}', "language", "regex"),
        ('{"uri": "a.mp4", "tags": [""]}', "tags", "length"),
        ('{"uri": "a.mp4", "tags": 7}', "tags", "array"),
        ('{"uri": "a.mp4", "published_at": "yesterday"}', "published_at", "'yesterday' is not a date"),
        ('{"uri": "a::b.mp4"}', "uri", "fsspec"),
    ],
)
def test_a_bad_line_is_refused_by_file_line_column_and_reason(
    tmp_path: Path, line: str, column: str, reason: str
) -> None:
    path = tmp_path / "videos.jsonl"
    path.write_text(f'{{"uri": "first.mp4"}}\n\n{line}\n{{"uri": "last.mp4"}}\n')
    events, (refusal,) = read(path)
    assert [event.title for event in events] == ["first", "last"]
    assert refusal.where == f"{path}:3"
    assert reason in refusal.reason
    assert refusal.reason.startswith(f"column {column}:") if column else True


def test_csv_rows_that_do_not_fit_are_refused_and_the_others_go_on(tmp_path: Path) -> None:
    path = tmp_path / "videos.csv"
    path.write_bytes(b"uri,title\na.mp4\nb.mp4,B\nc.mp4,\xff\nd.mp4,D,more\ne.mp4,E\n")
    events, refused = read(path)
    assert [event.title for event in events] == ["B", "E"]
    assert [(item.where, item.reason) for item in refused] == [
        (f"{path}:2", "has 1 values, but the header has 2 columns"),
        (f"{path}:4", "column title: is not UTF-8"),
        (f"{path}:5", "has 3 values, but the header has 2 columns"),
    ]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("title\n", "no column uri"),
        ("uri,titel\n", "'titel' is not a column"),
        ("uri,uri\n", "twice"),
        ("", "uri"),
    ],
)
def test_a_csv_file_with_a_wrong_header_is_a_usage_error(tmp_path: Path, header: str, message: str) -> None:
    path = tmp_path / "videos.csv"
    path.write_text(header)
    with pytest.raises(CliError, match=message) as caught:
        read(path)
    assert caught.value.code is ExitCode.USAGE


def test_a_repeated_id_is_refused_with_the_line_that_had_it_first(tmp_path: Path) -> None:
    path = tmp_path / "videos.jsonl"
    path.write_text('{"uri": "a.mp4", "video_id": "x"}\n{"uri": "b.mp4", "video_id": "x"}\n')
    events, (refusal,) = read(path)
    assert len(events) == 1
    assert "'x' was already given on line 1" in refusal.reason


def test_defaults_fill_what_a_line_leaves_empty(tmp_path: Path) -> None:
    path = tmp_path / "videos.csv"
    path.write_text("uri,language\na.mp4,\nb.mp4,de\n")
    events, _ = read(path, language="en", tags=["t"])
    assert [(event.language, event.tags) for event in events] == [("en", ("t",)), ("de", ("t",))]


def test_it_reads_as_a_stream(tmp_path: Path) -> None:
    path = tmp_path / "videos.jsonl"
    path.write_text('{"uri": "a.mp4"}\n' + "{broken\n" * 10)
    items = read_manifest(path, tenant="default")
    assert isinstance(next(items), VideoSubmitted)


_text = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=40)
_rows = st.lists(
    st.fixed_dictionaries(
        {"uri": st.from_regex(r"https://x\.org/[a-z]{1,9}\.mp4", fullmatch=True)},
        optional={"title": _text, "description": _text},
    ),
    max_size=8,
    unique_by=lambda row: row["uri"],
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=_rows)
def test_what_was_written_is_read_back_from_either_format(tmp_path: Path, rows: list[dict[str, str]]) -> None:
    jsonl, table = tmp_path / "m.jsonl", tmp_path / "m.csv"
    jsonl.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["uri", "title", "description"])
        writer.writeheader()
        writer.writerows(rows)
    from_json, refused_json = read(jsonl)
    from_csv, refused_csv = read(table)
    assert not refused_json
    assert not refused_csv
    assert [event.uri for event in from_json] == [row["uri"] for row in rows] == [e.uri for e in from_csv]
    for event, row in zip(from_json, rows, strict=True):
        assert event.description == row.get("description", "")
        assert event.title == (row.get("title") or row["uri"].split("/")[-1].removesuffix(".mp4"))
    assert [event.description for event in from_csv] == [row.get("description", "").strip() for row in rows]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.binary(max_size=300), csv_file=st.booleans())
def test_no_bytes_break_it(tmp_path: Path, data: bytes, csv_file: bool) -> None:
    """Each line is an event, a refusal, or the whole file is a usage error; nothing else escapes."""
    path = tmp_path / ("m.csv" if csv_file else "m.jsonl")
    path.write_bytes(b"uri,title\n" + data if csv_file else data)
    try:
        events, refused = read(path)
    except CliError as error:
        assert error.code is ExitCode.USAGE  # noqa: PT017
        return
    assert all(item.where.startswith(f"{path}:") and item.reason for item in refused)
    assert all(event.uri for event in events)
