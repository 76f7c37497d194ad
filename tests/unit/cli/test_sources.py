from __future__ import annotations

from pathlib import Path

import pytest

from vtr.cli.errors import CliError
from vtr.cli.exit_codes import ExitCode
from vtr.cli.sources import Metadata, submissions
from vtr.cli.submission import Refusal, title_for
from vtr.contracts.events import VideoSubmitted
from vtr.contracts.ids import video_id


def run(*sources: str, metadata: Metadata | None = None) -> tuple[list[str], list[str]]:
    """Uris that are published, and the reasons of the others."""
    items = list(submissions(sources, metadata or Metadata(), "default"))
    return (
        [item.uri for item in items if isinstance(item, VideoSubmitted)],
        [item.reason for item in items if isinstance(item, Refusal)],
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.mp4", "a.MKV", "notes.txt", ".hidden.mp4", "deep/c.webm", ".git/d.mp4"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    return tmp_path


def test_a_folder_is_searched_for_videos_but_not_in_hidden_places(folder: Path) -> None:
    uris, reasons = run(str(folder))
    assert uris == [f"file://{folder}/{name}" for name in ("a.MKV", "b.mp4", "deep/c.webm")]
    assert reasons == []


def test_a_file_named_itself_is_taken_whatever_its_suffix(folder: Path) -> None:
    assert run(str(folder / "notes.txt"))[0] == [f"file://{folder}/notes.txt"]


def test_a_glob_is_expanded_and_what_matches_nothing_is_said(folder: Path) -> None:
    assert run(f"{folder}/**/*.webm", f"{folder}/*.avi") == (
        [f"file://{folder}/deep/c.webm"],
        ["matches nothing"],
    )


def test_a_file_whose_name_looks_like_a_glob_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "a[1].mp4").write_bytes(b"")
    assert run(f"{tmp_path}/a[1].mp4") == ([f"file://{tmp_path}/a[1].mp4"], [])


def test_a_relative_path_is_made_absolute_from_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "deep")
    assert run("c.webm", "../b.mp4")[0] == [f"file://{folder}/deep/c.webm", f"file://{folder}/b.mp4"]


def test_a_video_named_twice_is_taken_once(folder: Path) -> None:
    assert len(run(str(folder / "b.mp4"), str(folder))[0]) == 3


def test_two_uris_under_one_id_are_refused(tmp_path: Path) -> None:
    for name in ("one.jsonl", "two.jsonl"):
        (tmp_path / name).write_text(f'{{"uri": "https://x.org/{name}", "video_id": "same"}}\n')
    uris, (reason,) = run(f"{tmp_path}/one.jsonl", f"{tmp_path}/two.jsonl")
    assert uris == ["https://x.org/one.jsonl"]
    assert reason == "video_id: 'same' is already that of https://x.org/one.jsonl"


def test_missing_things_are_refused_and_the_others_go_on(folder: Path) -> None:
    uris, reasons = run("/no/such.mp4", str(folder / "b.mp4"), "file:///no/other.mp4")
    assert len(uris) == 1
    assert reasons == ["no such file or folder"] * 2


def test_an_empty_folder_says_so(tmp_path: Path) -> None:
    ((reason,),) = (run(str(tmp_path))[1],)
    assert "holds no video" in reason


def test_metadata_of_one_video_is_not_given_to_several(folder: Path) -> None:
    with pytest.raises(CliError, match="--title: describes one video") as caught:
        run(str(folder), metadata=Metadata(of_one={"title": "t"}))
    assert caught.value.code is ExitCode.USAGE


def test_metadata_of_one_and_of_all_reach_the_event() -> None:
    metadata = Metadata({"tags": ["x"]}, {"title": "T", "video_id": "my-id"})
    (event,) = submissions(["https://x.org/v.mp4?a=*"], metadata, "acme")
    assert isinstance(event, VideoSubmitted)
    assert (event.title, event.video_id, event.tags, event.tenant) == ("T", "my-id", ("x",), "acme")


def test_the_default_id_is_a_function_of_tenant_and_uri() -> None:
    def id_of(uri: str, tenant: str) -> str:
        (event,) = submissions([uri], Metadata(), tenant)
        assert isinstance(event, VideoSubmitted)
        return event.video_id

    assert id_of("https://x.org/a.mp4", "t") == id_of("https://x.org/a.mp4", "t")
    assert id_of("https://x.org/a.mp4", "t") == video_id("t", "https://x.org/a.mp4")
    assert id_of("https://x.org/a.mp4", "t") != id_of("https://x.org/b.mp4", "t")
    assert id_of("https://x.org/a.mp4", "t") != id_of("https://x.org/a.mp4", "u")


@pytest.mark.parametrize(
    ("uri", "title"),
    [
        ("https://x.org/my%20talk.mp4?token=1", "my talk"),
        ("file:///films/100%25 real.mkv", "100%25 real"),
        ("s3://bucket/deep/clip.final.webm", "clip.final"),
    ],
)
def test_the_default_title_is_the_name_of_the_file(uri: str, title: str) -> None:
    assert title_for(uri) == title


def test_an_invalid_option_names_its_field() -> None:
    items = list(submissions(["https://x.org/v.mp4"], Metadata({"language": "??"}), "default"))
    assert isinstance(items[0], Refusal)
    assert items[0].reason.startswith("language: ")


def test_a_manifest_without_a_header_is_found_before_anything_is_published(folder: Path) -> None:
    (folder / "list.csv").write_text("title\nx\n")
    with pytest.raises(CliError, match=r"list.csv:1: the header has no column uri"):
        submissions([str(folder / "b.mp4"), str(folder / "list.csv")], Metadata(), "default")


def test_such_a_manifest_found_by_a_glob_is_refused(folder: Path) -> None:
    (folder / "list.csv").write_text("title\nx\n")
    uris, (reason,) = run(str(folder / "b.mp4"), f"{folder}/*.csv")
    assert len(uris) == 1
    assert "no column uri" in reason
