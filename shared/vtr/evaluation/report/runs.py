"""What runs that were measured left behind: rows, facts, logs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from vtr.evaluation.metrics.rows import ResultRow, read_rows
from vtr.evaluation.report.facts import FACTS, Facts, read_facts
from vtr.evaluation.report.logs import LOSS, TRAIN_LOG, VALIDATION_LOG, read_curve
from vtr.evaluation.report.plots import Curve
from vtr.evaluation.report.summary import ReportError

ROWS = "rows.jsonl"


@dataclass(frozen=True)
class MeasuredRun:
    """The run in ``root``: a seed's directory."""

    root: Path
    facts: Facts

    def rows(self) -> list[ResultRow]:
        """The rows of every method in the order of the facts. Raises ``ReportError`` where some are missing,
        ``RowsError`` where they cannot be read."""
        found: list[ResultRow] = []
        for trained in self.facts.trained:
            path = self.root / trained.method / ROWS
            if not path.exists():
                raise ReportError(f"{path}: not there; measure with `vtr evaluate generated`")
            found += read_rows(path)
        return found

    def curve(self, method: str, *, validation: bool) -> Curve | None:
        """A method's loss in training, or its validation metric; None where it left no log."""
        path = self.root / method / (VALIDATION_LOG if validation else TRAIN_LOG)
        select = {trained.method: trained.select for trained in self.facts.trained}[method]
        return read_curve(path, select if validation else LOSS) if path.exists() else None


def open_runs(roots: Sequence[Path]) -> list[MeasuredRun]:
    """The runs, by seed. Raises :class:`ReportError` where one was not measured or two are of one seed."""
    runs = sorted((MeasuredRun(root, read_facts(root / FACTS)) for root in roots), key=_seed)
    for one, other in pairwise(runs):
        if _seed(one) == _seed(other):
            raise ReportError(f"{one.root} and {other.root}: both of seed {_seed(one)}")
    return runs


def _seed(run: MeasuredRun) -> int:
    return run.facts.seed
