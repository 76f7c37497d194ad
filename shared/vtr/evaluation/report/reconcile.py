"""Rows of several evaluations of one run, put together: each number once, each method of one kind."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from vtr.evaluation.metrics.rows import ResultRow
from vtr.evaluation.report.summary import ReportError

TOLERANCE = 1.0
"""By how much two measurements of the same thing may differ: one may have read half-precision vectors."""

_Key = tuple[str, str, str, int, int, str]


def reconcile(rows: Iterable[ResultRow]) -> list[ResultRow]:
    """``rows`` without repetitions: heads measure the dual encoder beside themselves, which was measured too.

    The first of several measurements of one number stays; ones that differ by more than :data:`TOLERANCE`
    raise :class:`ReportError`. A method that any row calls a baseline of a setting is one in all its rows
    there, so that heads are compared with it.
    """
    kept: dict[tuple[_Key, str, int], ResultRow] = {}
    baselines: set[_Key] = set()
    for row in rows:
        if row.baseline:
            baselines.add(_method(row))
        key = (_method(row), row.metric, row.seed)
        first = kept.setdefault(key, row)
        if abs(first.value - row.value) > TOLERANCE or first.transductive != row.transductive:
            raise ReportError(
                f"{row.method}, {row.metric} on {row.task}, {row.data}, {row.split}, seed {row.seed}: "
                f"measured as {first.value:g} and as {row.value:g}"
            )
    return [msgspec.structs.replace(row, baseline=_method(row) in baselines) for row in kept.values()]


def _method(row: ResultRow) -> _Key:
    return (row.task, row.data, row.split, row.gallery, row.queries, row.method)
