"""Numbers of rows, seed by seed: what a bar is held against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from vtr.evaluation.metrics.rows import ResultRow
from vtr.evaluation.report.summary import ReportError

Values = Mapping[int, float]
"""A number of each seed."""


@dataclass(frozen=True)
class Pick:
    """The rows of one number: ``metric`` of ``method``. ``data`` of None: whatever the data is called."""

    task: str
    method: str
    metric: str
    data: str | None = None
    split: str = "test"

    def of(self, rows: Iterable[ResultRow]) -> Values | None:
        """The number of each seed; None if it was not measured.

        Raises :class:`ReportError` if the rows of several settings fit, since the bar means one of them.
        """
        found: dict[int, float] = {}
        for row in rows:
            if self._fits(row):
                if row.seed in found:
                    raise ReportError(f"{self.method}, {self.metric} on {self.task}: in several settings")
                found[row.seed] = row.value
        return found or None

    def _fits(self, row: ResultRow) -> bool:
        return (
            (row.task, row.method, row.metric, row.split) == (self.task, self.method, self.metric, self.split)
            and self.data in (None, row.data)
            and not row.transductive
        )


def ratio(values: Values, others: Sequence[Values]) -> Values:
    """``values`` over the best of ``others``, seed by seed; a seed where that is 0 is left out."""
    best = {seed: max(o[seed] for o in others) for seed in _shared(values, others)}
    return {seed: values[seed] / other for seed, other in best.items() if other > 0}


def difference(values: Values, others: Sequence[Values]) -> Values:
    """``values`` minus the best of ``others``, seed by seed."""
    return {seed: values[seed] - max(o[seed] for o in others) for seed in _shared(values, others)}


def distance(values: Values, others: Sequence[Values]) -> Values:
    """How far ``values`` are from the best of ``others``, either way."""
    return {seed: abs(value) for seed, value in difference(values, others).items()}


def cut(values: Values, others: Sequence[Values]) -> Values:
    """By how many percent ``values`` are below the first of ``others``."""
    (other,) = others
    return {seed: 100 * (1 - values[seed] / other[seed]) for seed in _shared(values, others) if other[seed]}


def _shared(values: Values, others: Sequence[Values]) -> list[int]:
    return [seed for seed in values if all(seed in other for other in others)]
