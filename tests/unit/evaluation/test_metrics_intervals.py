"""Intervals over seeds and over queries, and rows that carry what is needed to read a number."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from vtr.evaluation.metrics.intervals import Interval, paired_bootstrap, seed_interval
from vtr.evaluation.metrics.rows import ResultRow, RowsError, read_rows, rows_of, write_rows

VALUES = st.lists(st.floats(0, 100), min_size=2, max_size=10)


@given(VALUES)
def test_the_seed_interval_is_student_s(values: list[float]) -> None:
    found = seed_interval(values)
    assert found.low <= found.mean <= found.high
    assert found.n == len(values)
    if np.std(values) > 1e-9:
        low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
        assert (found.low, found.high) == pytest.approx((low, high))


def test_one_seed_has_no_interval() -> None:
    found = seed_interval([61.0])
    assert (found.mean, found.low, found.high) == (61.0, -math.inf, math.inf)


def test_intervals_overlap_in_a_point() -> None:
    assert Interval(1, 0, 2, 3).overlaps(Interval(3, 2, 4, 3))
    assert not Interval(1, 0, 2, 3).overlaps(Interval(3, 2.1, 4, 3))


def test_the_bootstrap_sees_a_difference_that_is_there_and_none_that_is_not() -> None:
    rng = np.random.default_rng(0)
    hard = rng.random(600)
    first, second = (hard < 0.7).astype(float), (hard < 0.6).astype(float)
    better = paired_bootstrap(first, second, seed=1)
    assert better.low > 0
    assert better.mean == pytest.approx(first.mean() - second.mean())
    assert better.p < 0.01
    other = (rng.random(600) < 0.7).astype(float)
    same = paired_bootstrap(first, other, seed=1)
    assert same.low < 0 < same.high
    assert paired_bootstrap(first, second, seed=1) == better


@given(st.lists(st.booleans(), min_size=1, max_size=30))
def test_the_bootstrap_of_a_scorer_with_itself_is_zero(found: list[bool]) -> None:
    difference = paired_bootstrap(found, found, resamples=50)
    assert (difference.mean, difference.low, difference.high, difference.p) == (0, 0, 0, 1)


def a_row(**changes: object) -> ResultRow:
    fields: dict[str, object] = {
        "task": "text to video",
        "data": "generated",
        "split": "test",
        "method": "dual",
        "metric": "R@1",
        "value": 60.5,
        "seed": 0,
        "gallery": 1000,
        "queries": 1000,
        "transductive": False,
    }
    return ResultRow(**(fields | changes))  # type: ignore[arg-type]


def test_rows_come_back_from_their_file(tmp_path: Path) -> None:
    rows = [a_row(), a_row(seed=1, transductive=True, baseline=True)]
    write_rows(tmp_path / "out" / "rows.jsonl", rows)
    assert read_rows(tmp_path / "out" / "rows.jsonl") == rows


def test_rows_of_a_mapping_of_metrics() -> None:
    rows = rows_of(
        {"R@1": 1.0, "MedR": 2.0},
        task="t",
        data="d",
        split="test",
        method="m",
        seed=4,
        gallery=9,
        queries=8,
        transductive=False,
    )
    assert [(r.metric, r.value, r.seed, r.gallery) for r in rows] == [("R@1", 1.0, 4, 9), ("MedR", 2.0, 4, 9)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"gallery": 0}, "gallery, queries: 0"), ({"value": math.nan}, "value: nan"), ({"split": " "}, "split")],
)
def test_a_row_that_cannot_be_read_right_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        a_row(**changes)


def test_a_row_that_does_not_say_whether_it_is_transductive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    write_rows(path, [a_row()])
    line = path.read_text()
    path.write_text(line + line.replace(',"transductive":false', ""))
    with pytest.raises(RowsError, match=r"rows\.jsonl:2: .*transductive"):
        read_rows(path)
    with pytest.raises(RowsError, match="No such file"):
        read_rows(tmp_path / "none.jsonl")
