"""Bars are held against rows: met, met by the mean alone, missed, or not measured."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from vtr.evaluation.metrics.rows import TEXT_TO_VIDEO, ResultRow
from vtr.evaluation.report.bars import (
    BY_MEAN,
    MET,
    MISSED,
    NOT_MEASURED,
    OVERLAP,
    UNDEFINED,
    Bar,
    bars_table,
    judge,
)
from vtr.evaluation.report.goals import GOALS
from vtr.evaluation.report.measured import Pick, cut, difference, distance, ratio
from vtr.evaluation.report.reconcile import reconcile
from vtr.evaluation.report.summary import ReportError


def rows(
    method: str, values: Sequence[float], metric: str = "R@1", *, data: str = "generated", **changes: object
) -> list[ResultRow]:
    common: dict[str, object] = {
        "task": TEXT_TO_VIDEO,
        "data": data,
        "split": "test",
        "method": method,
        "metric": metric,
        "gallery": 10,
        "queries": 10,
        "transductive": False,
        **changes,
    }
    return [ResultRow(seed=seed, value=value, **common) for seed, value in enumerate(values)]  # type: ignore[arg-type]


HEAD, DUAL = Pick(TEXT_TO_VIDEO, "head", "R@1"), Pick(TEXT_TO_VIDEO, "dual", "R@1")


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([70, 71, 72], MET),
        ([50, 60, 75], BY_MEAN),
        ([50, 51, 52], MISSED),
        ([80], BY_MEAN),
        ([], NOT_MEASURED),
    ],
)
def test_a_bar_is_reached_by_the_mean_and_the_verdict_says_whether_by_the_interval(
    values: list[float], verdict: str
) -> None:
    assert judge(Bar("head", "at least 60", HEAD, 60), rows("head", values)).verdict == verdict


def test_at_most_is_held_from_above() -> None:
    bar = Bar("head", "MedR 1", Pick(TEXT_TO_VIDEO, "head", "MedR"), 1, at_most=True)
    assert judge(bar, rows("head", [1, 1, 1], "MedR")).verdict == MET
    assert judge(bar, rows("head", [1, 1, 2], "MedR")).verdict == MISSED


def test_comparisons_are_made_seed_by_seed() -> None:
    measured = rows("head", [40, 60]) + rows("dual", [20, 20]) + rows("other", [10, 30])
    other = Pick(TEXT_TO_VIDEO, "other", "R@1")
    # The better of the two is another one for each seed: 40 / 20 and 60 / 30.
    twice = judge(Bar("head", "twice", HEAD, 2, compare=ratio, against=(DUAL, other)), measured)
    assert twice.interval is not None
    assert (twice.interval.mean, twice.interval.low, twice.verdict) == (2.0, 2.0, MET)
    for compare, expected in ((difference, 30.0), (distance, 30.0), (cut, -150.0)):
        found = judge(Bar("head", "", HEAD, 0, compare=compare, against=(DUAL,)), measured).interval
        assert found is not None
        assert found.mean == pytest.approx(expected)


def test_a_comparison_without_its_other_side_was_not_measured() -> None:
    bar = Bar("head", "twice", HEAD, 2, compare=ratio, against=(DUAL,))
    assert judge(bar, rows("head", [40, 60])).verdict == NOT_MEASURED
    assert judge(bar, rows("head", [40, 60]) + rows("dual", [0, 0])).verdict == UNDEFINED


def test_a_gain_that_must_be_apart_is_missed_where_intervals_overlap() -> None:
    bar = Bar("head", "2 points", HEAD, 2, compare=difference, against=(DUAL,), apart=True)
    assert judge(bar, rows("head", [64, 70, 76]) + rows("dual", [60, 66, 72])).verdict == OVERLAP
    assert judge(bar, rows("head", [70, 71, 72]) + rows("dual", [60, 61, 62])).verdict == MET


def test_what_is_transductive_meets_no_bar() -> None:
    bar = Bar("head", "at least 60", HEAD, 60)
    assert judge(bar, rows("head", [90, 90], transductive=True)).verdict == NOT_MEASURED


def test_a_bar_that_could_mean_two_settings_is_an_error() -> None:
    measured = rows("head", [70, 71]) + rows("head", [50, 51], data="generated, hard galleries")
    with pytest.raises(ReportError, match="several settings"):
        judge(Bar("head", "", HEAD, 60), measured)


def test_the_table_counts_what_was_met() -> None:
    bars = [
        Bar("head", "at least 60", HEAD, 60),
        Bar("head", "at least 99", HEAD, 99),
        Bar("x", "y", DUAL, 1),
    ]
    text = bars_table([judge(bar, rows("head", [70, 71, 72])) for bar in bars])
    assert text.startswith(
        "1 of 3 bars are met by the mean, 1 of them by the whole interval; 1 are missed, "
        "1 were not or could not be measured."
    )
    assert "| head | at least 60 | 71.0 [68.5, 73.5] | met |" in text
    assert "| head | at least 99 | 71.0 [68.5, 73.5] | **missed** |" in text
    assert "| x | y |  | not measured |" in text


def test_every_bar_of_the_generated_corpus_can_be_judged_without_rows() -> None:
    assert {judge(bar, []).verdict for bar in GOALS} == {NOT_MEASURED}
    assert len({(bar.about, bar.text) for bar in GOALS}) == len(GOALS)


def test_what_two_evaluations_measured_stands_once_and_a_baseline_stays_one() -> None:
    own, again = rows("dual", [60.0, 61.0]), rows("dual", [60.4, 61.0], baseline=True)
    found = reconcile([*own, *rows("head", [70.0]), *again])
    assert [(row.method, row.value, row.baseline) for row in found] == [
        ("dual", 60.0, True),
        ("dual", 61.0, True),
        ("head", 70.0, False),
    ]


def test_two_measurements_that_disagree_are_an_error() -> None:
    with pytest.raises(ReportError, match=r"dual, R@1 on text to video, .* seed 0: measured as 60 and as 64"):
        reconcile([*rows("dual", [60.0]), *rows("dual", [64.0])])
