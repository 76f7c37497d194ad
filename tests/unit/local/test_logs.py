"""Many logs as one."""

from __future__ import annotations

from pathlib import Path

from vtr.local.logs import LogView


def test_lines_get_prefixes_of_one_width(tmp_path: Path) -> None:
    lines: list[str] = []
    view = LogView({"kafka": tmp_path / "k", "search": tmp_path / "s"}, lines.append, colour=False)
    (tmp_path / "k").write_text("one\ntwo\n")
    (tmp_path / "s").write_text("three\n")
    assert view.pump() == 3
    assert lines == ["kafka  | one", "kafka  | two", "search | three"]
    view.close()


def test_a_line_is_passed_on_once_it_is_whole(tmp_path: Path) -> None:
    lines: list[str] = []
    log = tmp_path / "a"
    view = LogView({"a": log}, lines.append, colour=False)
    with log.open("a") as handle:
        handle.write("half a ")
        handle.flush()
        view.pump()
        assert lines == []
        handle.write("line\nnext")
    view.pump()
    assert lines == ["a | half a line"]


def test_old_lines_are_left_out_unless_wanted(tmp_path: Path) -> None:
    log = tmp_path / "a"
    log.write_text("old\n")
    fresh: list[str] = []
    whole: list[str] = []
    views = [
        LogView({"a": log}, fresh.append, colour=False),
        LogView({"a": log}, whole.append, colour=False, from_start=True),
    ]
    with log.open("a") as handle:
        handle.write("new\n")
    for view in views:
        view.pump()
    assert fresh == ["a | new"]
    assert whole == ["a | old", "a | new"]


def test_a_rotated_file_is_followed(tmp_path: Path) -> None:
    lines: list[str] = []
    log = tmp_path / "a"
    log.write_text("before\n")
    view = LogView({"a": log}, lines.append, colour=False, from_start=True)
    view.pump()
    with log.open("a") as handle:
        handle.write("last words\n")
    log.replace(tmp_path / "a.1")
    log.write_text("after\n")
    view.pump()
    view.pump()
    assert lines == ["a | before", "a | last words", "a | after"]


def test_colours_differ_between_neighbours(tmp_path: Path) -> None:
    lines: list[str] = []
    sources = {name: tmp_path / name for name in ("a", "b")}
    view = LogView(sources, lines.append)
    for path in sources.values():
        path.write_text("x\n")
    view.pump()
    first, second = lines
    assert first.startswith("\x1b[")
    assert first.split("m")[0] != second.split("m")[0]
