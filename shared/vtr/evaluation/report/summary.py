"""Runs that differ in their seed alone, taken together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vtr.evaluation.metrics.intervals import Interval, seed_interval
from vtr.evaluation.metrics.rows import ResultRow

LOWER_IS_BETTER = ("MedR", "MeanR", "hubness")
"""Metrics that are better the lower they are, by the beginning of their name."""


class ReportError(ValueError):
    """Rows do not fit together; the message names which."""


@dataclass(frozen=True, order=True)
class Setting:
    """What has to be the same for two numbers to be compared: they stand in one table."""

    task: str
    data: str
    split: str
    gallery: int
    queries: int


@dataclass(frozen=True)
class Result:
    """A metric of a method over its seeds."""

    setting: Setting
    method: str
    metric: str
    interval: Interval
    seeds: tuple[int, ...]
    transductive: bool
    baseline: bool


def summarise(rows: Iterable[ResultRow]) -> list[Result]:
    """The results of ``rows``, settings, methods and metrics in the order in which they first occur.

    Raises :class:`ReportError` if a seed was measured twice, or if a method is called transductive (or a
    baseline) in one row and not in another.
    """
    groups: dict[tuple[Setting, str, str], list[ResultRow]] = {}
    kinds: dict[tuple[Setting, str], tuple[bool, bool]] = {}
    for row in rows:
        setting = Setting(row.task, row.data, row.split, row.gallery, row.queries)
        kind = (row.transductive, row.baseline)
        if kinds.setdefault((setting, row.method), kind) != kind:
            raise ReportError(
                f"{row.method} on {row.task}: transductive or baseline in one row, not in another"
            )
        group = groups.setdefault((setting, row.method, row.metric), [])
        if any(row.seed == other.seed for other in group):
            raise ReportError(f"{row.method}, {row.metric} on {row.task}: seed {row.seed} occurs twice")
        group.append(row)
    return [
        Result(
            setting,
            method,
            metric,
            seed_interval([r.value for r in group]),
            tuple(sorted(r.seed for r in group)),
            *kinds[setting, method],
        )
        for (setting, method, metric), group in groups.items()
    ]


def lower_is_better(metric: str) -> bool:
    """Whether a method is better on ``metric`` the lower its number is."""
    return metric.startswith(LOWER_IS_BETTER)


def strongest(results: Sequence[Result], metric: str) -> Result | None:
    """The best of ``results`` on ``metric`` by its mean, or None if none has it."""
    found = [r for r in results if r.metric == metric]
    pick = min if lower_is_better(metric) else max
    return pick(found, key=lambda r: r.interval.mean) if found else None


def verdict(head: Result, baseline: Result) -> str:
    """One sentence that says whether ``head`` beats ``baseline``, and how sure that is.

    Better means intervals that do not overlap; anything else is not shown, whatever the means are.
    """
    return f"{head.method} against {baseline.method}: {finding(head, baseline)}"


def finding(head: Result, baseline: Result) -> str:
    """:func:`verdict` without the names of the two."""
    if head.setting != baseline.setting or head.metric != baseline.metric:
        raise ReportError(f"{head.method} and {baseline.method} were not measured on the same thing")
    difference = head.interval.mean - baseline.interval.mean
    gain = -difference if lower_is_better(head.metric) else difference
    if head.interval.n < 2 or baseline.interval.n < 2:
        how = "not shown: a single seed has no interval"
    elif head.interval.overlaps(baseline.interval):
        how = "not shown: the intervals overlap"
    else:
        how = "better" if gain > 0 else "WORSE"
    return f"{head.metric} {difference:+.1f} ({how})"
