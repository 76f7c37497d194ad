"""Bars that were set before measuring, and whether they were met: computed from rows, never by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from vtr.evaluation.metrics.intervals import Interval, seed_interval
from vtr.evaluation.metrics.rows import ResultRow
from vtr.evaluation.report.measured import Pick, Values
from vtr.evaluation.report.tables import cell

Compare = Callable[[Values, Sequence[Values]], Values]

MET, BY_MEAN, MISSED = "met", "met by the mean, not by the whole interval", "**missed**"
OVERLAP, NOT_MEASURED = "**missed**: the intervals overlap", "not measured"
UNDEFINED = "not defined: what it is held against is 0"


@dataclass(frozen=True)
class Bar:
    """``pick`` (compared with ``against`` by ``compare``, if given) is at least, or at most, ``goal``.

    ``apart``: the interval of ``pick`` must also not overlap that of any of ``against``.
    """

    about: str
    text: str
    pick: Pick
    goal: float
    at_most: bool = False
    compare: Compare | None = None
    against: tuple[Pick, ...] = ()
    apart: bool = False
    unit: str = ""


@dataclass(frozen=True)
class Judged:
    """A bar with what was measured; ``interval`` of None: it was not."""

    bar: Bar
    interval: Interval | None
    verdict: str


def judge(bar: Bar, rows: Iterable[ResultRow]) -> Judged:
    """Holds ``rows`` against ``bar``. The mean has to reach the goal; the verdict says if the interval does
    not. Raises :class:`vtr.evaluation.report.summary.ReportError` for an ambiguous bar."""
    listed = list(rows)
    values = bar.pick.of(listed)
    others = [pick.of(listed) for pick in bar.against]
    known = [other for other in others if other is not None]
    if values is None or len(known) < len(others):
        return Judged(bar, None, NOT_MEASURED)
    compared = bar.compare(values, known) if bar.compare else values
    if not compared:
        return Judged(bar, None, UNDEFINED)
    interval = seed_interval(list(compared.values()))
    return Judged(bar, interval, _verdict(bar, interval, values, known))


def bars_table(judged: Sequence[Judged]) -> str:
    """A line for each bar, and a line that counts them."""
    lines = ["| method | bar | measured, mean and 95 % interval | |", "| --- | --- | --- | --- |"]
    for each in judged:
        measured = f"{cell(each.interval)}{each.bar.unit}" if each.interval else ""
        lines.append(f"| {each.bar.about} | {each.bar.text} | {measured} | {each.verdict} |")
    met = sum(each.verdict in {MET, BY_MEAN} for each in judged)
    whole = sum(each.verdict == MET for each in judged)
    missing = sum(each.interval is None for each in judged)
    counted = (
        f"{met} of {len(judged)} bars are met by the mean, {whole} of them by the whole interval; "
        f"{len(judged) - met - missing} are missed, {missing} were not or could not be measured."
    )
    return "\n".join([counted, "", *lines])


def _verdict(bar: Bar, interval: Interval, values: Values, others: Sequence[Values]) -> str:
    if not _reaches(bar, interval.mean):
        return MISSED
    if bar.apart and interval.n > 1:  # a single seed has no interval: by the mean alone
        own = seed_interval(list(values.values()))
        if any(own.overlaps(seed_interval(list(other.values()))) for other in others):
            return OVERLAP
    return MET if _reaches(bar, interval.high if bar.at_most else interval.low) else BY_MEAN


def _reaches(bar: Bar, value: float) -> bool:
    return value <= bar.goal if bar.at_most else value >= bar.goal
