"""The results page of runs that were measured: bars, what they were made with, tables, plots."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vtr.evaluation.metrics.rows import ResultRow
from vtr.evaluation.report.bars import Judged, bars_table, judge
from vtr.evaluation.report.facts import made_with
from vtr.evaluation.report.figures import learning_figures, result_figures
from vtr.evaluation.report.goals import GOALS
from vtr.evaluation.report.published import PUBLISHED
from vtr.evaluation.report.reconcile import reconcile
from vtr.evaluation.report.results import Note, images, render, write_results
from vtr.evaluation.report.runs import MeasuredRun
from vtr.evaluation.report.summary import ReportError


def write_page(
    page: Path,
    *,
    runs: Sequence[MeasuredRun] = (),
    rows: Sequence[ResultRow] = (),
    made_by: str | None = None,
    notes: Sequence[Note] = (),
) -> list[Judged]:
    """Writes ``page`` and its plots, into the folder beside it that is called like it; the bars, judged.

    ``rows``: further ones than those of ``runs``. Raises :class:`ReportError` if there is no row, or if rows
    or runs do not fit together.
    """
    found = reconcile([*(row for run in runs for row in run.rows()), *rows])
    if not found:
        raise ReportError("no rows to report")
    judged = [judge(bar, found) for bar in GOALS]
    folder = page.with_suffix("")
    figures = result_figures(found, folder)
    preface = ["## Bars\n\n" + bars_table(judged)]
    if runs:
        preface.append(made_with([run.facts for run in runs]))
    tasks = {row.task for row in found}
    text = render(
        found,
        page=page,
        made_by=made_by,
        preface=preface,
        figures=figures,
        notes=[note for note in notes if note.task in tasks],
        published=PUBLISHED,
    )
    if learned := images(learning_figures(runs, folder), page):
        text += "\n## Learning curves\n\n" + "\n\n".join(learned) + "\n"
    write_results(page, text)
    return judged
