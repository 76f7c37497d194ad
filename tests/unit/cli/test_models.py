"""``vtr models``: what it prints, where it puts things, and how it fails."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from support.bundles import saved_bundle, saved_head
from vtr.cli.app import make_app
from vtr.cli.exit_codes import ExitCode
from vtr.models.bundle.folder import load_bundle


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of a laptop stack that does not run."""
    for name in [name for name in os.environ if name.startswith("VTR_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("VTR_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def run(*arguments: str, code: ExitCode = ExitCode.OK) -> dict[str, object]:
    result = CliRunner().invoke(make_app(), ["models", *arguments, "--json"])
    assert result.exit_code == code, result.output
    document: dict[str, object] = json.loads(result.stdout)
    return document


def test_a_bundle_is_published_listed_and_fetched_without_a_running_stack(
    data_dir: Path, tmp_path: Path
) -> None:
    folder = saved_bundle(tmp_path / "bundle", "covr")
    done = run("publish", str(folder))
    assert (done["heads"], done["written"]) == (["covr"], 6)
    assert run("publish", str(folder))["written"] == 0
    assert (data_dir / "objects" / "_models" / str(done["model"]) / "current.json").exists()
    (model,) = run("list")["models"]  # type: ignore[misc]
    assert model == {
        "model": done["model"],
        "current": done["revision"],
        "revisions": {done["revision"]: ["covr"]},
    }
    fetched = run("fetch", str(done["model"]), "--out", str(tmp_path / "out"))
    assert load_bundle(Path(str(fetched["folder"]))).revision == done["revision"]


def test_another_object_store_can_be_named(data_dir: Path, tmp_path: Path) -> None:
    elsewhere = f"file://{tmp_path}/elsewhere"
    run("publish", str(saved_bundle(tmp_path / "bundle")), "--objects", elsewhere)
    assert not (data_dir / "objects").exists()
    assert run("list")["models"] == []
    assert len(run("list", "--objects", elsewhere)["models"]) == 1  # type: ignore[arg-type]


def test_what_is_wrong_is_said_and_nothing_is_published(data_dir: Path, tmp_path: Path) -> None:
    folder = saved_bundle(tmp_path / "bundle")
    saved_head(folder / "heads" / "covr", "0" * 64)
    failure = run("publish", str(folder), code=ExitCode.FAILED)
    assert "trained on other towers" in json.dumps(failure)
    assert run("list")["models"] == []
    failure = run("fetch", "trained-dual_32_0", "--out", str(tmp_path), code=ExitCode.NOT_FOUND)
    assert "no such model" in json.dumps(failure)
