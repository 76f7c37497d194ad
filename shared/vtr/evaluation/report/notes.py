"""Notes that a person wrote to be read with the numbers: what was tried, what was missed and why."""

from __future__ import annotations

import re
from pathlib import Path

from vtr.evaluation.report.results import Note
from vtr.evaluation.report.summary import ReportError

NOTES = "notes.md"
"""In the folder of the plots: what is there is on the page whenever it is made again."""


def read_notes(path: Path) -> list[Note]:
    """The notes in ``path``: under each heading ``## task`` the text for that task, as named in the rows.

    Raises :class:`ReportError` for a file without such headings or a heading without text.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ReportError(f"{path}: {error.strerror}") from error
    _, *sections = re.split(r"^## +", text, flags=re.MULTILINE)
    if not sections:
        raise ReportError(f"{path}: no heading of the form `## text to video`")
    notes = []
    for section in sections:
        task, _, body = section.partition("\n")
        if not body.strip():
            raise ReportError(f"{path}: nothing under `## {task.strip()}`")
        notes.append(Note(task.strip().lower(), body.strip()))
    return notes
