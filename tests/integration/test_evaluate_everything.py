"""From nothing to the results page with one command; what is there is not made again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vtr.cli.app import make_app
from vtr.evaluation.metrics.rows import read_rows
from vtr.models.training.checkpoints import read_card

METHODS = ("dual", "vlgnet")


def vtr(*arguments: str) -> str:
    result = CliRunner().invoke(make_app(), list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout + result.stderr


def everything(root: Path, *arguments: str) -> str:
    words = [
        "evaluate",
        "all",
        "--corpus",
        str(root / "corpus"),
        "--videos",
        "16",
        "--runs",
        str(root / "runs"),
    ]
    words += ["--out", str(root / "docs" / "results.md"), "--seed", "0", "--seed", "1", "--workers", "1"]
    words += [word for method in METHODS for word in ("--only", method, "--steps", f"{method}=2")]
    return vtr(*words, *arguments)


@pytest.mark.timeout(600)
def test_one_command_makes_trains_measures_and_reports(tmp_path: Path) -> None:
    told = everything(tmp_path)
    assert "no corpus there; 16 videos are made" in told
    assert "seed 1: vlgnet is trained: the dual encoder is trained first" in told
    page = (tmp_path / "docs" / "results.md").read_text()
    for heading in ("## Bars", "## Made with", "## Text to video", "## Moments", "## Learning curves"):
        assert heading in page
    assert "not measured" in page  # the heads that were left out
    for seed in (0, 1):
        run = tmp_path / "runs" / f"seed{seed}"
        cards = {method: read_card(run / method) for method in METHODS}
        assert cards["vlgnet"].data["base"] == cards["dual"].sha256
        assert cards["vlgnet"].options["seed"] == seed
        assert (
            cards["vlgnet"].command
            == f"vtr train vlgnet --corpus CORPUS --base DUAL --out OUT --seed {seed} --steps 2"
        )
        for method in METHODS:
            rows = read_rows(run / method / "rows.jsonl")
            assert {row.seed for row in rows} == {seed}
            assert {row.split for row in rows} <= {"test", "test-heldout-composition"}

    # Nothing is trained again, and the same numbers give the same page but for how long measuring took.
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").glob("*/*/model.safetensors")}
    again = everything(tmp_path)
    assert "is trained" not in again
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert _numbers((tmp_path / "docs" / "results.md").read_text()) == _numbers(page)

    # One method is measured alone and reported from the rows of all.
    runs = [str(tmp_path / "runs" / f"seed{seed}") for seed in (0, 1)]
    given = ["--corpus", str(tmp_path / "corpus"), "--run", runs[0]]
    measured = json.loads(vtr("evaluate", "generated", *given, "--only", "vlgnet", "--json"))
    assert set(measured[runs[0]]) == {"vlgnet"}
    reported = vtr("evaluate", "report", "--run", runs[0], "--run", runs[1], "--out", str(tmp_path / "b.md"))
    assert "dual encoder: text to video R@1 at least 60" in reported
    assert _numbers((tmp_path / "b.md").read_text().replace("b/", "results/")) == _numbers(page)

    # A head of another dual encoder is not measured, and is trained again when everything is.
    other = tmp_path / "runs" / "seed0" / "dual"
    for name in ("model.safetensors", "card.json"):
        (other / name).write_bytes((tmp_path / "runs" / "seed1" / "dual" / name).read_bytes())
    result = CliRunner().invoke(make_app(), ["evaluate", "generated", *given])
    assert result.exit_code == 2
    assert "was trained on another dual encoder" in " ".join(result.stderr.split())


def test_bad_input_is_a_usage_error(tmp_path: Path) -> None:
    for words, message in (
        (["evaluate", "all", "--corpus", str(tmp_path), "--steps", "dual"], "is not METHOD=STEPS"),
        (["evaluate", "all", "--only", "nothing"], "method: 'nothing' is none of dual, covr"),
        (["evaluate", "report"], "nothing to report"),
        (["evaluate", "generated", "--corpus", str(tmp_path), "--run", str(tmp_path)], "vtr corpus make"),
        (["train", "covr", "--corpus", str(tmp_path), "--base", "x", "--out", "y"], "vtr corpus make"),
    ):
        result = CliRunner().invoke(make_app(), words)
        assert (result.exit_code, message in " ".join(result.stderr.split())) == (2, True), result.stderr


def _numbers(page: str) -> list[str]:
    return [line for line in page.splitlines() if not line.startswith(("- Measuring took", "| ---"))]
