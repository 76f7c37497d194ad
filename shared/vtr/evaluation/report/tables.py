"""Tables in Markdown: baselines first, what is transductive apart and marked."""

from __future__ import annotations

import math
from collections.abc import Sequence

from vtr.evaluation.metrics.intervals import Interval
from vtr.evaluation.report.summary import Result, finding, strongest

TRANSDUCTIVE = "transductive"
NOT_A_SEARCH = (
    "Transductive: looks at all the other test queries, which no search can do. Not comparable with the "
    "table above."
)


def cell(interval: Interval) -> str:
    """``mean [low, high]``, without an interval where there is one seed alone."""
    if not math.isfinite(interval.low):
        return f"{interval.mean:.1f}"
    return f"{interval.mean:.1f} [{interval.low:.1f}, {interval.high:.1f}]"


def table(results: Sequence[Result]) -> str:
    """A line for each method (baselines first), a column for each metric, for results of one setting."""
    metrics = list(dict.fromkeys(r.metric for r in results))
    methods = sorted(dict.fromkeys((r.method, r.baseline, r.transductive) for r in results), key=_last)
    by = {(r.method, r.metric): r for r in results}
    lines = [_line(["method", "seeds", TRANSDUCTIVE, *metrics]), _line(["---"] * (3 + len(metrics)))]
    for method, baseline, transductive in methods:
        seeds = {by[method, m].interval.n for m in metrics if (method, m) in by}
        lines.append(
            _line(
                [
                    _escape(method) + (" (baseline)" if baseline else ""),
                    "/".join(str(n) for n in sorted(seeds)),
                    "**yes**" if transductive else "no",
                    *(cell(by[method, m].interval) if (method, m) in by else "" for m in metrics),
                ]
            )
        )
    return "\n".join(lines)


def section(results: Sequence[Result]) -> str:
    """The tables of one setting and what they show: the headline, then whatever is transductive."""
    setting = results[0].setting
    size = f"{setting.queries:,} queries, {setting.gallery:,} to choose from"
    title = f"### {setting.data}, {setting.split}: {size}"
    honest = [r for r in results if not r.transductive]
    apart = [r for r in results if r.transductive]
    parts = [title]
    if honest:
        parts += [table(honest), *([found] if (found := _verdicts(honest)) else [])]
    if apart:
        parts += [f"> {NOT_A_SEARCH}", table(apart)]
    return "\n\n".join(parts)


def _verdicts(results: Sequence[Result]) -> str:
    """Each head against the strongest baseline of each metric; a line for each of the two."""
    baselines = [r for r in results if r.baseline]
    found: dict[tuple[str, str], list[str]] = {}
    for result in results:
        best = strongest(baselines, result.metric)
        if not result.baseline and best is not None:
            found.setdefault((result.method, best.method), []).append(finding(result, best))
    return "\n".join(
        _escape(f"- {head} against {best}: {'; '.join(what)}") for (head, best), what in found.items()
    )


def _last(method: tuple[str, bool, bool]) -> tuple[bool, bool]:
    return not method[1], method[2]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escape(text: str) -> str:
    return text.replace("|", "\\|")
