"""The command line as a script sees it: exit codes, what goes to stdout, what to stderr."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner

from vtr.cli.app import make_app
from vtr.cli.errors import CliError
from vtr.cli.exit_codes import ExitCode
from vtr.cli.group import GuardedGroup
from vtr.cli.options import JsonOption
from vtr.contracts.step import Rejected, Unavailable


@pytest.fixture
def dead_port() -> Iterator[int]:
    """A port that nobody can listen on, since we hold it without listening."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture
def nowhere(dead_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment in which nothing runs; its data folder."""
    for name in [name for name in os.environ if name.startswith("VTR_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("VTR_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("VTR_KAFKA__BOOTSTRAP_SERVERS", f"127.0.0.1:{dead_port}")
    monkeypatch.setenv("VTR_REDIS__URL", f"redis://:secret@127.0.0.1:{dead_port}/0")
    monkeypatch.setenv("VTR_MILVUS__URI", f"http://127.0.0.1:{dead_port}")
    monkeypatch.setenv("VTR_MILVUS__TIMEOUT_S", "1")
    for name in ("SEARCH", "RANKING", "RECOMMENDATION", "TEXT_ENCODER"):
        monkeypatch.setenv(f"VTR_{name}_URL", f"http://127.0.0.1:{dead_port}")
    return tmp_path


def vtr(*arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    result = CliRunner().invoke(make_app(), list(arguments))
    return result.exit_code, result.stdout, result.stderr


def test_help_is_fast_because_it_imports_no_engine() -> None:
    heavy = ["torch", "transformers", "pymilvus", "kafka", "redis", "httpx", "av", "numpy", "pydantic"]
    code = (
        "import sys\n"
        "from vtr.cli.app import make_app\n"
        "try: make_app()(['--help'])\n"
        "except SystemExit as leave: assert leave.code == 0, leave.code\n"
        f"found = [name for name in {heavy!r} if name in sys.modules]\n"
        "sys.exit(f'imported {found}' if found else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "publish" in done.stdout


@pytest.mark.parametrize(
    "command",
    [
        ["search", "a cat"],
        ["search", "a cat", "--path", "topics"],
        ["similar", "v"],
        ["recommend", "ann"],
        ["interact", "ann", "v", "like"],
        ["delete", "v"],
        ["encode", "a cat"],
        ["publish", "https://x.org/v.mp4"],
        ["topics", "apply"],
        ["topics", "drift"],
        ["dlq", "list"],
        ["status"],
    ],
    ids=" ".join,
)
def test_without_a_stack_every_command_says_so_with_code_4(nowhere: Path, command: list[str]) -> None:
    code, out, err = vtr(*command, "--json")
    assert code == ExitCode.NOT_REACHABLE
    assert "Traceback" not in err
    document = json.loads(out)
    if command == ["status"]:
        assert document["stack"] == "not running"
        assert document["ok"] is False
    else:
        assert document["error"]["exit_code"] == ExitCode.NOT_REACHABLE
        assert document["error"]["fix"]
        assert document["error"]["message"] in err


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["search", "x", "--after", "soon"], "--after: 'soon' is not a date"),
        (["search", "  "], "text: is empty"),
        (["search", "x", "--language", "??"], "languages"),
        (["interact", "ann", "v", "watch"], "watch_s"),
        (["interact", "ann", "v", "like", "--value", "1"], "value"),
        (["interact", "a n n", "v", "like"], "user_id"),
        (["delete", "not an id"], "'not an id' cannot be deleted"),
        (["encode"], "nothing to encode"),
        (["up", "--milvus", "full"], "--milvus: 'full' is neither"),
        (["up", "--port", "search"], "--port: 'search' is not NAME=NUMBER"),
        (["up", "--port", "web=80"], "--port: 'web' is not a part"),
        (["dlq", "show"], "argument"),
        (["search", "x", "-k", "0"], "-k"),
        (["no-such-command"], "no-such-command"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_a_wrong_command_line_is_code_2_and_names_what_is_wrong(
    nowhere: Path, command: list[str], said: str
) -> None:
    code, out, err = vtr(*command)
    assert code == ExitCode.USAGE
    assert said.lower() in err.lower()
    assert not out


def test_several_videos_with_one_title_is_code_2(nowhere: Path) -> None:
    code, _, err = vtr("publish", str(nowhere), "--title", "t")
    assert code == ExitCode.USAGE
    assert "--title" in err


def test_a_malformed_variable_is_named(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VTR_REDIS__TIMEOUT_S", "long")
    code, _, err = vtr("status")
    assert code == ExitCode.USAGE
    assert "VTR_REDIS__TIMEOUT_S" in err


def test_status_names_each_fault_and_keeps_passwords(nowhere: Path) -> None:
    _, out, err = vtr("status", "--json")
    report = json.loads(out)
    assert [engine["name"] for engine in report["engines"]] == ["kafka", "redis", "milvus"]
    assert all(engine["fault"] for engine in report["engines"])
    assert {service["name"] for service in report["services"]} == {
        "ranking",
        "recommendation",
        "search",
        "text_encoder",
    }
    assert report["advice"] == [f"No stack runs on {nowhere}/data. Start one: vtr up --detach"]
    assert "secret" not in out + err


def test_down_without_a_stack_is_no_error(nowhere: Path) -> None:
    code, out, _ = vtr("down", "--json")
    assert code == ExitCode.OK
    assert json.loads(out)["report"]["was_running"] is False


def test_topics_are_listed_and_described() -> None:
    code, out, _ = vtr("topics", "list", "--json")
    assert code == ExitCode.OK
    names = [topic["name"] for topic in json.loads(out)["topics"]]
    assert "vtr.video.submitted.v1" in names
    code, out, _ = vtr("topics", "describe", "vtr.video.submitted.v1")
    assert code == ExitCode.OK
    assert "captions_uri" in out
    assert vtr("topics", "describe", "vtr.no.such.v1")[0] == ExitCode.NOT_FOUND


def test_asyncapi_is_the_same_document_in_both_formats() -> None:
    _, as_yaml, _ = vtr("asyncapi")
    _, as_json, _ = vtr("asyncapi", "--json")
    assert yaml.safe_load(as_yaml) == json.loads(as_json)
    assert json.loads(as_json)["asyncapi"] == "3.0.0"


def _failing(error: BaseException) -> typer.Typer:
    app = typer.Typer(cls=GuardedGroup, pretty_exceptions_enable=False)

    @app.callback()
    def root() -> None: ...

    @app.command()
    def fail(as_json: JsonOption = False) -> None:
        raise error

    return app


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CliError("x", code=ExitCode.PARTIAL), ExitCode.PARTIAL),
        (Unavailable("kafka", "no broker"), ExitCode.NOT_REACHABLE),
        (Rejected("video-not-found", "no such video"), ExitCode.NOT_FOUND),
        (Rejected("too-large", "too large"), ExitCode.FAILED),
        (FileNotFoundError(2, "No such file or directory", "/x"), ExitCode.FAILED),
        (ModuleNotFoundError("No module named 'torch'", name="torch"), ExitCode.FAILED),
        (RuntimeError("a bug"), ExitCode.FAILED),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_failure_has_its_code_and_no_traceback(error: BaseException, code: ExitCode) -> None:
    result = CliRunner().invoke(_failing(error), ["fail", "--json"])
    assert result.exit_code == code
    assert "Traceback" not in result.output
    if code is not ExitCode.INTERRUPTED:
        assert json.loads(result.stdout)["error"]["exit_code"] == code


def test_an_error_is_never_read_as_markup_and_cannot_command_the_terminal() -> None:
    result = CliRunner().invoke(_failing(CliError("[red]x[/nope] \x1b[2J")), ["fail"])
    assert "[red]x[/nope]" in result.stderr
    assert "\x1b" not in result.stderr


def test_debug_shows_where_it_broke() -> None:
    broken = subprocess.run(
        [sys.executable, "-m", "vtr.cli", "--debug", "topics", "describe", "nope"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert broken.returncode == ExitCode.NOT_FOUND
    assert "Traceback" in broken.stderr
