"""Configuration, the state file, purge and the settings that services get."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from vtr.local import paths
from vtr.local.assets import asset
from vtr.local.config import StackConfig
from vtr.local.ports import free_ports, is_free
from vtr.local.services import SERVICES, environment
from vtr.local.stack import purge_data
from vtr.local.state import ProcessState, StackState, load_state, save_state, this_process


def _state(data_dir: Path, pid: int, create_time: float) -> StackState:
    process = ProcessState(
        name="redis",
        kind="engine",
        pid=pid,
        create_time=create_time,
        condition="ready",
        restarts=0,
        log=data_dir / "redis.log",
    )
    return StackState(
        data_dir=data_dir,
        supervisor_pid=pid,
        supervisor_create_time=create_time,
        started_at=datetime.now(UTC),
        phase="ready",
        addresses={"redis": "redis://:secret@127.0.0.1"},
        processes=(process,),
    )


def test_state_survives_the_file_and_is_private(tmp_path: Path) -> None:
    me = this_process()
    state = _state(tmp_path, me.pid, me.create_time)
    save_state(state)
    loaded = load_state(tmp_path)
    assert loaded == state
    assert loaded.running()
    assert loaded.processes[0].alive()
    assert (tmp_path / "stack.json").stat().st_mode & 0o077 == 0


def test_a_state_of_a_dead_supervisor_does_not_run(tmp_path: Path) -> None:
    me = this_process()
    assert not _state(tmp_path, me.pid, me.create_time - 3600).running()


@pytest.mark.parametrize("content", [None, "", "{}", "no json"])
def test_no_state(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "stack.json").write_text(content)
    assert load_state(tmp_path) is None


def test_purge_removes_what_a_stack_wrote_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "kafka" / "node-1").mkdir(parents=True)
    (tmp_path / "objects").mkdir()
    (tmp_path / "my-videos").mkdir()
    assert sorted(path.name for path in purge_data(tmp_path)) == ["kafka", "objects"]
    assert [path.name for path in tmp_path.iterdir()] == ["my-videos"]


def test_purge_removes_the_folder_when_it_is_empty(tmp_path: Path) -> None:
    (tmp_path / "data" / "redis").mkdir(parents=True)
    purge_data(tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_config_goes_through_json_and_refuses_unknown_fields(tmp_path: Path) -> None:
    config = StackConfig(data_dir=tmp_path, redis="redis://elsewhere:6379/0", milvus_kind="standalone")
    assert StackConfig.model_validate_json(config.model_dump_json()) == config
    with pytest.raises(ValidationError, match="kafak"):
        StackConfig.model_validate({"kafak": "x:1"})
    with pytest.raises(ValidationError, match="kafka"):
        StackConfig.model_validate({"ports": {"kafka": 70000}})


def test_folders_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VTR_DATA_DIR", str(tmp_path / "d"))
    monkeypatch.setenv("VTR_CACHE_DIR", str(tmp_path / "c"))
    assert paths.default_data_dir() == tmp_path / "d"
    assert paths.cache_dir() == tmp_path / "c"
    monkeypatch.delenv("VTR_DATA_DIR")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "x"))
    assert paths.default_data_dir() == tmp_path / "x" / "vtr"


def test_every_service_gets_its_own_port_and_all_addresses(tmp_path: Path) -> None:
    services = {service.name: service for service in SERVICES}
    addresses = {"kafka": "k:1", "redis": "redis://r", "milvus": "http://m"}
    environments = [environment(spec, services, addresses, tmp_path) for spec in SERVICES]
    assert len({env["VTR_HTTP__PORT"] for env in environments}) == len(SERVICES) == 7
    for env in environments:
        assert env["VTR_KAFKA__BOOTSTRAP_SERVERS"] == "k:1"
        assert env["VTR_TEXT_ENCODER_URL"] == "http://127.0.0.1:8104"
        assert env["VTR_RANKING_URL"] == "http://127.0.0.1:8105"
        assert env["VTR_OBJECTS__URI"] == f"file://{tmp_path}/objects"


def test_free_ports_are_free_and_different() -> None:
    chosen = free_ports(20)
    assert len(set(chosen)) == 20
    assert all(is_free(port) for port in chosen)


def test_missing_asset_names_both_places() -> None:
    assert asset("kafka/pom.xml").is_file()
    with pytest.raises(FileNotFoundError, match=r"assets/kafka/none.*deploy/local/kafka/none"):
        asset("kafka/none")
