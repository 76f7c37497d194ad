"""The page of measured runs: what they were made with, bars, curves, notes."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from vtr.evaluation.metrics.rows import TEXT_TO_VIDEO, rows_of, write_rows
from vtr.evaluation.report.facts import FACTS, Facts, TrainedFacts, machine, versions, write_facts
from vtr.evaluation.report.logs import LOSS, read_curve
from vtr.evaluation.report.notes import read_notes
from vtr.evaluation.report.page import write_page
from vtr.evaluation.report.plots import Curve
from vtr.evaluation.report.results import Note
from vtr.evaluation.report.runs import ROWS, open_runs
from vtr.evaluation.report.summary import ReportError
from vtr.models.heads.base import TOTAL


def a_run(root: Path, seed: int, *, corpus: str = "f00d", value: float = 80.0) -> Path:
    """A seed's directory as measuring leaves it, with one method."""
    run = root / f"seed{seed}"
    (run / "dual").mkdir(parents=True)
    metrics = {"R@1": value + seed, "R@5": 95.0, "R@10": 99.0, "MedR": 1.0}
    rows = rows_of(metrics, task=TEXT_TO_VIDEO, data="generated", split="test", method="dual encoder",
                   seed=seed, gallery=1000, queries=1000, transductive=False)  # fmt: skip
    chance = rows_of({"R@1": 0.1}, task=TEXT_TO_VIDEO, data="generated", split="test", method="chance",
                     seed=seed, gallery=1000, queries=1000, transductive=False, baseline=True)  # fmt: skip
    write_rows(run / "dual" / ROWS, rows + chance)
    (run / "dual" / "train.csv").write_text("step,loss\n10,3.5\n20,2.5\n")
    (run / "dual" / "validation.csv").write_text("step,val,other\n20,50.0,1\n")
    trained = TrainedFacts(
        method="dual",
        parameters=2_000_000,
        size_bytes=4_200_000,
        steps=20,
        train_s=61.0,
        select="val",
        sha256="c0ffee" * 8,
        command=f"vtr train dual --corpus CORPUS --out OUT --seed {seed}",
    )
    facts = Facts(
        seed=seed,
        machine=machine(),
        versions=versions(),
        corpus={"annotations.jsonl": corpus * 16},
        generator="1.0.0",
        videos=5000,
        corpus_seed=0,
        took_s=9.0,
        trained=[trained],
    )
    write_facts(run / FACTS, facts)
    return run


def test_the_page_names_machine_corpus_and_commands_and_judges_the_bars(tmp_path: Path) -> None:
    runs = open_runs([a_run(tmp_path, seed) for seed in (2, 0, 1)])
    assert [run.facts.seed for run in runs] == [0, 1, 2]
    page = tmp_path / "docs" / "results.md"
    judged = write_page(page, runs=runs, made_by="make evaluate")
    text = page.read_text()
    assert "Made by `make evaluate`" in text
    assert machine() in text
    assert "SHA-256 `annotations.jsonl` f00df00df00df00d." in text
    assert "| dual | 1 | 2,000,000 | 4.2 MB | 20 | 61 s | `c0ffeec0ffee` | `vtr train dual" in text
    assert "| dual encoder | text to video R@1 at least 75 | 81.0 [78.5, 83.5] | met |" in text
    assert "| dual encoder | 3 | no | 81.0 [78.5, 83.5] |" in text
    assert {each.verdict for each in judged} == {"met", "not measured"}
    pictures = [line.split("(")[-1].rstrip(")") for line in text.splitlines() if line.startswith("![")]
    assert sorted(pictures) == sorted(
        ["results/dual-loss.png", "results/dual-validation.png", "results/text-to-video-generated-1000.png"]
    )
    assert all((page.parent / picture).read_bytes().startswith(b"\x89PNG") for picture in pictures)


def test_the_same_runs_give_the_same_page(tmp_path: Path) -> None:
    runs = open_runs([a_run(tmp_path, seed) for seed in (0, 1)])
    write_page(tmp_path / "one.md", runs=runs)
    first = (tmp_path / "one.md").read_text(), (tmp_path / "one" / "dual-loss.png").read_bytes()
    write_page(tmp_path / "one.md", runs=runs)
    assert first == ((tmp_path / "one.md").read_text(), (tmp_path / "one" / "dual-loss.png").read_bytes())


def test_runs_that_cannot_stand_together_are_told(tmp_path: Path) -> None:
    one, other = a_run(tmp_path / "a", 0), a_run(tmp_path / "b", 0)
    with pytest.raises(ReportError, match="both of seed 0"):
        open_runs([one, other])
    runs = open_runs([one, a_run(tmp_path / "c", 1, corpus="beef")])
    with pytest.raises(ReportError, match="2 different corpora"):
        write_page(tmp_path / "page.md", runs=runs)
    with pytest.raises(ReportError, match="measure with `vtr evaluate generated`"):
        open_runs([tmp_path / "nowhere"])
    (one / "dual" / ROWS).unlink()
    with pytest.raises(ReportError, match=r"rows\.jsonl: not there"):
        open_runs([one])[0].rows()
    with pytest.raises(ReportError, match="no rows"):
        write_page(tmp_path / "page.md")


def test_notes_stand_with_their_task_and_those_of_others_stay_away(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text(
        "# Notes\n\n## Text to video\n\nTried this.\n\n## moments\nAnd that.\n"
    )
    notes = read_notes(tmp_path / "notes.md")
    assert notes == [Note("text to video", "Tried this."), Note("moments", "And that.")]
    write_page(tmp_path / "page.md", runs=open_runs([a_run(tmp_path, 0)]), notes=notes)
    text = (tmp_path / "page.md").read_text()
    assert "Tried this." in text
    assert "And that." not in text


@pytest.mark.parametrize("text", ["no heading", "## moments\n\n"])
def test_notes_without_heading_or_text_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "notes.md").write_text(text)
    with pytest.raises(ReportError, match=r"notes\.md"):
        read_notes(tmp_path / "notes.md")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("step,total\n", "no column total"),
        ("step,loss\n1,2\n", "no column total"),
        ("step,total\n1,x\n", "'x'"),
    ],
)
def test_a_log_that_is_none_is_told(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "train.csv").write_text(text)
    with pytest.raises(ReportError, match=message):
        read_curve(tmp_path / "train.csv", "total")


def test_a_run_reads_the_columns_that_training_writes(tmp_path: Path) -> None:
    assert LOSS == TOTAL
    run = open_runs([a_run(tmp_path, 0)])[0]
    assert run.curve("dual", validation=False) == Curve([10.0, 20.0], [3.5, 2.5])
    assert run.curve("dual", validation=True) == Curve([20.0], [50.0])
    (run.root / "dual" / "train.csv").unlink()
    assert run.curve("dual", validation=False) is None


def test_facts_that_are_broken_are_told(tmp_path: Path) -> None:
    run = a_run(tmp_path, 0)
    document = msgspec.json.decode((run / FACTS).read_bytes())
    del document["machine"]
    (run / FACTS).write_bytes(msgspec.json.encode(document))
    with pytest.raises(ReportError, match=r"evaluation\.json: .*machine"):
        open_runs([run])
