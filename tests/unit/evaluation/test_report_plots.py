"""Plots: real PNG files, the same for the same numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vtr.evaluation.metrics.ranks import recall_curve
from vtr.evaluation.metrics.rows import TEXT_TO_VIDEO, ResultRow
from vtr.evaluation.report.plots import (
    Curve,
    intervals_of,
    plot_learning_curves,
    plot_recall,
    plot_results,
)
from vtr.evaluation.report.summary import ReportError, summarise


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB"))


def row(method: str, seed: int, value: float, *, gallery: int = 100, transductive: bool = False) -> ResultRow:
    return ResultRow(
        task=TEXT_TO_VIDEO,
        data="generated",
        split="test",
        method=method,
        metric="R@1",
        value=value,
        seed=seed,
        gallery=gallery,
        queries=100,
        transductive=transductive,
        baseline=method == "dual",
    )


def test_learning_curves_differ_where_the_numbers_do(tmp_path: Path) -> None:
    runs = [Curve([0, 10, 20], [3.0, 2.0, 1.0]), Curve([0, 10, 20, 30], [3.5, 2.5, 1.5, 1.0])]
    for name, curves in (("a", runs), ("again", runs), ("b", [Curve([0, 10], [1.0, 3.0])])):
        plot_learning_curves(tmp_path / f"{name}.png", {"dual": curves}, title="Loss", x="step", y="loss")
    assert (pixels(tmp_path / "a.png") == pixels(tmp_path / "again.png")).all()
    assert not np.array_equal(pixels(tmp_path / "a.png"), pixels(tmp_path / "b.png"))


def test_recall_is_drawn_for_every_method(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    curves = [recall_curve(rng.integers(1, 101, size=50), 100) for _ in range(3)]
    plot_recall(tmp_path / "plots" / "one.png", {"dual": curves}, title="Recall")
    plot_recall(tmp_path / "plots" / "two.png", {"dual": curves, "camoe": curves[:1]}, title="Recall")
    assert not np.array_equal(pixels(tmp_path / "plots" / "one.png"), pixels(tmp_path / "plots" / "two.png"))
    mean, low, high = intervals_of(curves)
    assert mean.shape == (100,)
    assert (low <= mean).all()
    assert (mean <= high).all()


def test_bars_mark_what_is_transductive(tmp_path: Path) -> None:
    rows = [row("dual", seed, 60 + seed) for seed in range(3)] + [row("camoe", 0, 70)]
    plain = [*rows, row("dsl", 0, 75)]
    marked = [*rows, row("dsl", 0, 75, transductive=True)]
    plot_results(tmp_path / "plain.png", summarise(plain), metric="R@1", title="R@1")
    plot_results(tmp_path / "marked.png", summarise(marked), metric="R@1", title="R@1")
    assert not np.array_equal(pixels(tmp_path / "plain.png"), pixels(tmp_path / "marked.png"))


def test_what_cannot_be_plotted_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    with pytest.raises(ReportError, match="curves: nothing to plot"):
        plot_recall(path, {}, title="")
    with pytest.raises(ReportError, match="the runs of 'dual' share no step"):
        plot_learning_curves(path, {"dual": [Curve([1], [1]), Curve([2], [1])]}, title="", x="", y="")
    with pytest.raises(ReportError, match="1 values for 2 steps of 'dual'"):
        plot_learning_curves(path, {"dual": [Curve([1, 2], [1])]}, title="", x="", y="")
    with pytest.raises(ReportError, match=r"those of 'b' are of galleries of \[3, 4\]"):
        plot_recall(path, {"a": [np.ones(3)], "b": [np.ones(4)]}, title="")
    results = summarise([row("dual", 0, 1), row("dual", 0, 1, gallery=9)])
    with pytest.raises(ReportError, match="more than one setting"):
        plot_results(path, results, metric="R@1", title="")
    with pytest.raises(ReportError, match=r"none for 'R@7'"):
        plot_results(path, results, metric="R@7", title="")
    assert not path.exists()
