"""Plots as PNG. matplotlib comes with the ``evaluation`` extra and is imported when a plot is made."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from vtr.evaluation.metrics.checks import Floats
from vtr.evaluation.metrics.intervals import seed_interval
from vtr.evaluation.report.summary import ReportError, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

T = TypeVar("T")

SIZE = (7.0, 4.0)
DPI = 110


@dataclass(frozen=True)
class Curve:
    """One run's curve: ``values[i]`` at ``steps[i]``."""

    steps: Sequence[float]
    values: Sequence[float]


def plot_learning_curves(
    path: Path, curves: Mapping[str, Sequence[Curve]], *, title: str, x: str, y: str
) -> None:
    """Learning curves: of each name the mean over its runs (seeds), and the span from lowest to highest.

    The runs of a name are read off at the steps that all of them have.
    """
    figure, axes = _canvas(title, x, y)
    for name, runs in _some(curves).items():
        shared = sorted(set.intersection(*({float(s) for s in run.steps} for run in runs)))
        if not shared:
            raise ReportError(f"curves: the runs of {name!r} share no step")
        values = np.array([_read_off(run, shared, name) for run in runs])
        (line,) = axes.plot(shared, values.mean(axis=0), label=f"{name} ({len(runs)} seeds)", marker=".")
        axes.fill_between(shared, values.min(axis=0), values.max(axis=0), color=line.get_color(), alpha=0.2)
    _save(figure, axes, path)


def plot_recall(path: Path, curves: Mapping[str, Sequence[Floats]], *, title: str) -> None:
    """Recall at every K on a logarithmic axis: of each method R@K in percent over K, [gallery] a seed, as
    :func:`vtr.evaluation.metrics.ranks.recall_curve` gives it. Chance is drawn beside."""
    figure, axes = _canvas(title, "K", "R@K, %")
    gallery = 0
    for name, seeds in _some(curves).items():
        lengths = {len(curve) for curve in seeds}
        if len(lengths) != 1 or (gallery and lengths != {gallery}):
            raise ReportError(f"curves: those of {name!r} are of galleries of {sorted(lengths | {gallery})}")
        gallery = lengths.pop()
        values = np.stack([np.asarray(curve) for curve in seeds])
        k = np.arange(1, gallery + 1)
        (line,) = axes.plot(k, values.mean(axis=0), label=name)
        axes.fill_between(k, values.min(axis=0), values.max(axis=0), color=line.get_color(), alpha=0.2)
    k = np.arange(1, gallery + 1)
    axes.plot(k, 100.0 * k / gallery, label="chance", linestyle=":", color="grey")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_ylim(0, 101)
    _save(figure, axes, path)


def plot_results(path: Path, results: Sequence[Result], *, metric: str, title: str) -> None:
    """One metric of several methods of one setting as bars with their intervals; baselines in grey, what is
    transductive hatched and marked."""
    chosen = [r for r in results if r.metric == metric]
    if not chosen:
        raise ReportError(f"results: none for {metric!r}")
    if len({r.setting for r in chosen}) != 1:
        raise ReportError("results: of more than one setting, which cannot be compared")
    figure, axes = _canvas(title, "", metric)
    for place, result in enumerate(chosen):
        interval = result.interval
        half = interval.high - interval.mean if math.isfinite(interval.high) else 0.0
        axes.bar(
            place,
            interval.mean,
            yerr=half,
            capsize=4,
            color="silver" if result.baseline else "tab:blue",
            hatch="//" if result.transductive else None,
        )
    names = [r.method + ("\n(transductive)" if r.transductive else "") for r in chosen]
    axes.set_xticks(range(len(chosen)), names, rotation=20, ha="right")
    _save(figure, axes, path, legend=False)


def plot_metrics(path: Path, results: Sequence[Result], *, metrics: Sequence[str], title: str) -> None:
    """Several metrics in percent of the methods of one setting, as groups of bars with their intervals.

    What is transductive is hatched; baselines are lighter. Methods stand in the order of ``results``, the
    baselines first.
    """
    if len({r.setting for r in results}) != 1:
        raise ReportError("results: none, or of more than one setting, which cannot be compared")
    figure, axes = _canvas(title, "", "%")
    by = {(r.method, r.metric): r for r in results}
    methods = {r.method: r for r in sorted(results, key=lambda r: not r.baseline)}
    width = 0.8 / len(methods)
    for place, (method, kind) in enumerate(methods.items()):
        shown = [(at, by[method, m].interval) for at, m in enumerate(metrics) if (method, m) in by]
        at = np.array([at for at, _ in shown]) + (place - (len(methods) - 1) / 2) * width
        halves = [i.high - i.mean if math.isfinite(i.high) else 0.0 for _, i in shown]
        label = method + (" (transductive)" if kind.transductive else "")
        axes.bar(
            at,
            [i.mean for _, i in shown],
            width,
            yerr=halves,
            capsize=2,
            label=label,
            alpha=0.45 if kind.baseline else 1.0,
            hatch="//" if kind.transductive else None,
        )
    axes.set_xticks(range(len(metrics)), list(metrics))
    axes.set_ylim(0, 101)
    _save(figure, axes, path)


def intervals_of(curves: Sequence[Floats]) -> tuple[Floats, Floats, Floats]:
    """Mean, low and high of the 95 % interval at each place of curves [seeds][K], for one's own plots."""
    columns = [seed_interval(column) for column in np.stack([np.asarray(c) for c in curves]).T]
    mean, low, high = (np.array([getattr(i, name) for i in columns]) for name in ("mean", "low", "high"))
    return mean, low, high


def _some(curves: Mapping[str, Sequence[T]]) -> Mapping[str, Sequence[T]]:
    if not curves or not all(curves.values()):
        raise ReportError("curves: nothing to plot")
    return curves


def _read_off(run: Curve, steps: Sequence[float], name: str) -> list[float]:
    if len(run.steps) != len(run.values):
        raise ReportError(f"curves: {len(run.values)} values for {len(run.steps)} steps of {name!r}")
    at = dict(zip((float(s) for s in run.steps), run.values, strict=True))
    return [float(at[s]) for s in steps]


def _canvas(title: str, x: str, y: str) -> tuple[Figure, Axes]:
    # Without pyplot: no global state, no display.
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=SIZE, dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(visible=True, alpha=0.3)
    return figure, axes


def _save(figure: Figure, axes: Axes, path: Path, *, legend: bool = True) -> None:
    if legend:
        axes.legend(fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    # No version of matplotlib in the file: the same numbers give the same picture.
    figure.savefig(path, format="png", metadata={"Software": None})
