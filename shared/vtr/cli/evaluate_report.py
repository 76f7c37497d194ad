"""``vtr evaluate report``: rows of results to a page with tables, bars and plots."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vtr.cli.learning import bad_input_as_usage
from vtr.cli.options import JsonOption
from vtr.cli.output import Output

if TYPE_CHECKING:
    from vtr.evaluation.report.bars import Judged

ResultsOption = Annotated[Path, typer.Option("--out", help="The page; its plots go into a folder beside it.")]
COMMAND = "make evaluate"


def report(
    run: Annotated[
        list[Path] | None,
        typer.Option("--run", help="Directory of a measured seed; several times.", show_default=False),
    ] = None,
    rows: Annotated[
        list[Path] | None,
        typer.Option(help="A file of rows, as of a published data set; several times.", show_default=False),
    ] = None,
    notes: Annotated[
        Path | None,
        typer.Option(help="What to read with the numbers: `## TASK` headings with text under each."),
    ] = None,
    out: ResultsOption = Path("docs/reference/results.md"),
    as_json: JsonOption = False,
) -> None:
    """Write the results page: intervals over seeds, bars met or missed, plots, what others published.

    Example:

      vtr evaluate report --run data/runs/seed0 --run data/runs/seed1 --run data/runs/seed2
    """
    output = Output(as_json)
    with bad_input_as_usage():
        if not run and not rows:
            raise ValueError("nothing to report: give --run or --rows")
        judged = make_page(out, run or [], rows or [], notes)
    say_bars(output, judged)
    output.say(f"written: {out}")
    output.document({"out": str(out), "bars": bars_document(judged)})


def make_page(
    out: Path, runs: Sequence[Path], rows: Sequence[Path], notes: Path | None = None
) -> list[Judged]:
    """Writes the page of measured ``runs`` and files of ``rows``."""
    from vtr.evaluation.metrics.rows import read_rows
    from vtr.evaluation.report.notes import NOTES, read_notes
    from vtr.evaluation.report.page import write_page
    from vtr.evaluation.report.runs import open_runs

    beside = out.with_suffix("") / NOTES
    found = notes or (beside if beside.exists() else None)
    return write_page(
        out,
        runs=open_runs(runs),
        rows=[row for path in rows for row in read_rows(path)],
        notes=read_notes(found) if found else [],
        made_by=COMMAND if runs else shlex.join(["vtr", "evaluate", "report"]),
    )


def say_bars(output: Output, judged: Sequence[Judged]) -> None:
    """Which bars were met, for people."""
    for each in judged:
        mean = f"{each.interval.mean:.1f}{each.bar.unit}, " if each.interval else ""
        output.say(f"{each.bar.about}: {each.bar.text}: {mean}{each.verdict.replace('**', '')}")


def bars_document(judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """The same for a script."""
    return [
        {
            "method": each.bar.about,
            "bar": each.bar.text,
            "mean": each.interval.mean if each.interval else None,
            "verdict": each.verdict.replace("**", ""),
        }
        for each in judged
    ]
