from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vtr.cli.context import Context, locate
from vtr.cli.errors import CliError
from vtr.cli.exit_codes import ExitCode
from vtr.cli.stack import document, without_password
from vtr.cli.status import service_urls
from vtr.local.state import Phase, ProcessState, StackState, save_state, this_process


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("VTR_")]:
        monkeypatch.delenv(name)


def running_stack(data_dir: Path, *, create_time: float | None = None, phase: Phase = "ready") -> StackState:
    """A state file as of a stack whose supervisor is this process."""
    me = this_process()
    state = StackState(
        data_dir=data_dir,
        supervisor_pid=me.pid,
        supervisor_create_time=me.create_time if create_time is None else create_time,
        started_at=datetime.now(UTC),
        phase=phase,
        addresses={
            "kafka": "127.0.0.1:1111",
            "redis": "redis://me:secret@127.0.0.1:2222/0",
            "milvus": "http://127.0.0.1:3333",
            "objects": "file:///objects",
        },
        processes=(
            service("ranking", "http://127.0.0.1:4444"),
            service("indexer", "http://127.0.0.1:5555"),
        ),
    )
    save_state(state)
    return state


def service(name: str, url: str) -> ProcessState:
    return ProcessState(
        name=name,
        kind="service",
        pid=1,
        create_time=0.0,
        condition="ready",
        restarts=0,
        log=Path(f"/{name}.log"),
        url=url,
    )


def addresses(context: Context) -> tuple[str, str, str, str]:
    found = context.addresses
    return (
        found.kafka.bootstrap_servers,
        found.redis.url.get_secret_value(),
        found.milvus.uri,
        found.ranking_url,
    )


def test_without_anything_the_defaults_hold(tmp_path: Path) -> None:
    context = locate(tmp_path)
    assert context.state is None
    assert addresses(context) == (
        "127.0.0.1:9092",
        "redis://127.0.0.1:6379/0",
        "http://127.0.0.1:19530",
        "http://127.0.0.1:8105",
    )


def test_a_running_stack_is_found_by_its_state_file(tmp_path: Path) -> None:
    running_stack(tmp_path)
    context = locate(tmp_path)
    assert context.state is not None
    assert addresses(context) == (
        "127.0.0.1:1111",
        "redis://me:secret@127.0.0.1:2222/0",
        "http://127.0.0.1:3333",
        "http://127.0.0.1:4444",
    )


def test_the_environment_overrules_the_stack_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running_stack(tmp_path)
    monkeypatch.setenv("VTR_KAFKA__BOOTSTRAP_SERVERS", "broker:9092")
    monkeypatch.setenv("VTR_RANKING_URL", "http://ranking")
    monkeypatch.setenv("VTR_REDIS__TIMEOUT_S", "9")
    context = locate(tmp_path)
    assert addresses(context) == (
        "broker:9092",
        "redis://me:secret@127.0.0.1:2222/0",
        "http://127.0.0.1:3333",
        "http://ranking",
    )
    assert context.addresses.redis.timeout_s == 9


@pytest.mark.parametrize("gone", ["dead", "failed"])
def test_the_state_of_a_stack_that_is_gone_does_not_count(tmp_path: Path, gone: str) -> None:
    if gone == "dead":
        running_stack(tmp_path, create_time=1.0)
    else:
        running_stack(tmp_path, phase="failed")
    context = locate(tmp_path)
    assert context.state is None
    assert context.addresses.kafka.bootstrap_servers == "127.0.0.1:9092"


def test_the_data_folder_comes_from_the_environment_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running_stack(tmp_path)
    monkeypatch.setenv("VTR_DATA_DIR", str(tmp_path))
    assert locate(None).state is not None


def test_a_malformed_variable_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VTR_KAFKA__SECURITY_PROTOCOL", "TELNET")
    with pytest.raises(CliError, match="VTR_KAFKA__SECURITY_PROTOCOL") as caught:
        locate(tmp_path)
    assert caught.value.code is ExitCode.USAGE


def test_status_asks_every_service_of_the_running_stack(tmp_path: Path) -> None:
    running_stack(tmp_path)
    urls = service_urls(locate(tmp_path))
    assert urls["indexer"] == "http://127.0.0.1:5555"
    assert urls["ranking"] == "http://127.0.0.1:4444"
    assert urls["search"] == "http://127.0.0.1:8100"


def test_the_state_is_shown_without_passwords(tmp_path: Path) -> None:
    shown = document(running_stack(tmp_path))
    assert shown["addresses"]["redis"] == "redis://me:***@127.0.0.1:2222/0"
    assert "secret" not in str(shown)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("127.0.0.1:9092", "127.0.0.1:9092"),
        ("redis://127.0.0.1/0", "redis://127.0.0.1/0"),
        ("redis://:p@ss@host/0", "redis://:***@host/0"),
        ("https://user:p@host", "https://user:***@host"),
    ],
)
def test_a_password_is_replaced_by_stars(address: str, shown: str) -> None:
    assert without_password(address) == shown
