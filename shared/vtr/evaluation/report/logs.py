"""Curves from the logs that a training wrote, ``train.csv`` and ``validation.csv``."""

from __future__ import annotations

import csv
from pathlib import Path

from vtr.evaluation.report.plots import Curve
from vtr.evaluation.report.summary import ReportError

TRAIN_LOG, VALIDATION_LOG = "train.csv", "validation.csv"
LOSS = "loss"
"""The column of the whole loss in ``train.csv``."""
_STEP = "step"


def read_curve(path: Path, column: str) -> Curve:
    """``column`` over the steps of the log ``path``. Raises :class:`ReportError`."""
    try:
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise ReportError(f"{path}: {error.strerror}") from error
    if not rows or not {_STEP, column} <= rows[0].keys():
        raise ReportError(f"{path}: no column {column} with numbers over the column {_STEP}")
    try:
        return Curve([float(row[_STEP]) for row in rows], [float(row[column]) for row in rows])
    except (TypeError, ValueError) as error:
        raise ReportError(f"{path}: {column}: {error}") from error
