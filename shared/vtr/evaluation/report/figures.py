"""The plots of the results page: how each method learned, and how methods compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from vtr.evaluation.metrics.rows import (
    ADVERBS,
    COMPOSED,
    FACTORS,
    MOMENTS,
    REGIONS,
    SOUND,
    TEXT_TO_VIDEO,
    VIDEO_TO_TEXT,
    ResultRow,
)
from vtr.evaluation.report.plots import Curve, plot_learning_curves, plot_metrics
from vtr.evaluation.report.results import Figure
from vtr.evaluation.report.runs import MeasuredRun
from vtr.evaluation.report.summary import Result, summarise

RECALLS = ("R@1", "R@5", "R@10")
SHOWN: Mapping[str, tuple[str, ...]] = {
    TEXT_TO_VIDEO: RECALLS,
    VIDEO_TO_TEXT: RECALLS,
    FACTORS: ("direction", "adverb", "order", "relation", "colour"),
    COMPOSED: (*RECALLS, "hard R@1"),
    MOMENTS: ("R@1 IoU=0.3", "R@1 IoU=0.5", "R@1 IoU=0.7", "mIoU"),
    ADVERBS: ("mAP-W", "mAP-M", "Acc-A"),
    REGIONS: ("pointing", "pointing, several things", "accuracy"),
    SOUND: (*RECALLS, "accuracy"),
}
"""The metrics of each task that are drawn, where they were measured."""


def learning_figures(runs: Sequence[MeasuredRun], folder: Path) -> list[Figure]:
    """For each method that left logs: its loss, and its validation metric, over the steps of all seeds."""
    figures = []
    methods = dict.fromkeys(trained.method for run in runs for trained in run.facts.trained)
    for method in methods:
        having = [run for run in runs if method in {t.method for t in run.facts.trained}]
        for validation, what in ((False, "loss in training"), (True, "validation")):
            curves = [curve for run in having if (curve := run.curve(method, validation=validation))]
            if _share_a_step(curves):
                path = folder / f"{method}-{'validation' if validation else 'loss'}.png"
                title = f"{method}: {what}"
                plot_learning_curves(path, {method: curves}, title=title, x="step", y=what)
                figures.append(Figure(path, f"{title}, mean and span of {len(curves)} seeds"))
    return figures


def result_figures(rows: Sequence[ResultRow], folder: Path) -> list[Figure]:
    """For each setting of a task: bars of its methods, with intervals."""
    figures = []
    settings: dict[object, list[Result]] = {}
    for result in summarise(rows):
        settings.setdefault(result.setting, []).append(result)
    for results in settings.values():
        setting = results[0].setting
        wanted = SHOWN.get(setting.task, ())
        metrics = [metric for metric in wanted if any(r.metric == metric for r in results)]
        if metrics and setting.split == "test":
            name = "-".join(f"{setting.task} {setting.data} {setting.gallery}".replace(",", "").split())
            path = folder / f"{name}.png"
            title = f"{setting.task}: {setting.data}, {setting.gallery:,} to choose from"
            plot_metrics(path, results, metrics=metrics, title=title)
            figures.append(Figure(path, title, setting.task))
    return figures


def _share_a_step(curves: Sequence[Curve]) -> bool:
    return bool(curves) and bool(set.intersection(*(set(curve.steps) for curve in curves)))
