"""The results page."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from vtr.evaluation.metrics.rows import ResultRow
from vtr.evaluation.report.published import Published
from vtr.evaluation.report.summary import ReportError, Result, summarise
from vtr.evaluation.report.tables import section

READING = """\
Every number is the mean over the seeds given, with Student's 95 % interval. Percentages are 0 to 100. Ties
count against a method. Moments are matched by overlap. A difference counts as shown only where the two
intervals do not overlap. Nothing was chosen by looking at a test split."""


@dataclass(frozen=True)
class Figure:
    """A plot on the page: ``path`` of the PNG, ``caption`` of what it shows, under ``task`` if given."""

    path: Path
    caption: str
    task: str | None = None


@dataclass(frozen=True)
class Note:
    """Something to be read with the numbers of ``task``: what was tried, what was missed and why."""

    task: str
    text: str


def render(
    rows: Iterable[ResultRow],
    *,
    page: Path,
    title: str = "Results",
    made_by: str | None = None,
    preface: Sequence[str] = (),
    figures: Sequence[Figure] = (),
    notes: Sequence[Note] = (),
    published: Sequence[Published] = (),
) -> str:
    """The page as Markdown; ``page`` is where it will be, so that links to figures are relative to it.

    A section for each task, in the order of ``rows``. The same rows give the same text. ``made_by``: the
    command that made it; ``preface``: Markdown before the first task. Raises :class:`ReportError` without
    rows, or if a figure or note names a task that has none.
    """
    results = summarise(rows)
    if not results:
        raise ReportError("no rows to report")
    tasks = list(dict.fromkeys(r.setting.task for r in results))
    for task in [f.task for f in figures] + [n.task for n in notes]:
        if task is not None and task not in tasks:
            raise ReportError(f"{task!r} was not measured; there are {', '.join(tasks)}")
    parts = [f"# {title}"]
    if made_by:
        parts.append(f"Made by `{made_by}`; do not edit.")
    parts += [READING, *preface, *_figures(figures, None, page)]
    for task in tasks:
        parts.append(f"## {task[0].upper()}{task[1:]}")
        parts += [section(group) for group in _by_setting([r for r in results if r.setting.task == task])]
        parts += [note.text.strip() for note in notes if note.task == task]
        parts += _figures(figures, task, page)
        parts += _published([p for p in published if p.task == task])
    return "\n\n".join(parts) + "\n"


def write_results(page: Path, text: str) -> None:
    """Writes ``text`` to ``page``, all or nothing."""
    page.parent.mkdir(parents=True, exist_ok=True)
    temporary = page.with_name(f".{page.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(page)


def _by_setting(results: Sequence[Result]) -> list[list[Result]]:
    order = {setting: n for n, setting in enumerate(dict.fromkeys(r.setting for r in results))}
    ranked = sorted(results, key=lambda r: order[r.setting])
    return [list(group) for _, group in groupby(ranked, key=lambda r: r.setting)]


def images(figures: Sequence[Figure], page: Path) -> list[str]:
    """Links to ``figures`` in Markdown, relative to ``page``."""
    links = [Path(os.path.relpath(figure.path, page.parent)).as_posix() for figure in figures]
    return [f"![{figure.caption}]({link})" for figure, link in zip(figures, links, strict=True)]


def _figures(figures: Sequence[Figure], task: str | None, page: Path) -> list[str]:
    return images([figure for figure in figures if figure.task == task], page)


def _published(published: Sequence[Published]) -> list[str]:
    if not published:
        return []
    lines = ["| method | data | numbers | source |", "| --- | --- | --- | --- |"]
    lines += [f"| {p.method} | {p.data} | {p.numbers} | {p.source} |" for p in published]
    return ["Published by others, on other data with larger models; not measured here:", "\n".join(lines)]
