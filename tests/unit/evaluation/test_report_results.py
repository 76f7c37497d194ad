"""The results page: mean and interval, baseline beside, what is transductive apart and marked."""

from __future__ import annotations

from pathlib import Path

import pytest

from vtr.evaluation.metrics.rows import MOMENTS, TEXT_TO_VIDEO, ResultRow, rows_of
from vtr.evaluation.report.published import PUBLISHED
from vtr.evaluation.report.results import Figure, Note, render, write_results
from vtr.evaluation.report.summary import ReportError, summarise, verdict

PAGE = Path("docs/reference/results.md")


def rows(
    method: str,
    values: list[float],
    *,
    metric: str = "R@1",
    task: str = TEXT_TO_VIDEO,
    transductive: bool = False,
    baseline: bool = False,
    gallery: int = 1000,
) -> list[ResultRow]:
    return [
        row
        for seed, value in enumerate(values)
        for row in rows_of(
            {metric: value},
            task=task,
            data="generated",
            split="test",
            method=method,
            seed=seed,
            gallery=gallery,
            queries=1000,
            transductive=transductive,
            baseline=baseline,
        )
    ]


DUAL = rows("dual encoder", [60.0, 61.0, 62.0], baseline=True)
CAMOE = rows("camoe", [70.0, 70.5, 71.0])
DSL = rows("camoe + DSL", [80.0, 80.0, 80.0], transductive=True)


def test_a_line_holds_mean_interval_and_number_of_seeds() -> None:
    text = render(DUAL + CAMOE, page=PAGE)
    assert "| dual encoder (baseline) | 3 | no | 61.0 [58.5, 63.5] |" in text
    assert "| camoe | 3 | no | 70.5 [69.3, 71.7] |" in text
    assert text.index("dual encoder (baseline)") < text.index("| camoe")
    assert "1,000 queries, 1,000 to choose from" in text


def test_what_is_transductive_stands_apart_and_is_never_set_against_the_baseline() -> None:
    text = render(DUAL + DSL + CAMOE, page=PAGE)
    headline, apart = text.split("> Transductive:")
    assert "camoe + DSL" not in headline
    assert "| camoe + DSL | 3 | **yes** | 80.0 [80.0, 80.0] |" in apart
    assert "- camoe against dual encoder: R@1 +9.5 (better)" in headline
    assert "DSL against" not in text


@pytest.mark.parametrize(
    ("values", "metric", "expected"),
    [
        ([70, 70.5, 71], "R@1", "R@1 +9.5 (better)"),
        ([50, 50.5, 51], "R@1", "R@1 -10.5 (WORSE)"),
        ([50, 65, 80], "R@1", "R@1 +4.0 (not shown: the intervals overlap)"),
        ([90], "R@1", "R@1 +29.0 (not shown: a single seed has no interval)"),
        ([50, 50.5, 51], "MedR", "MedR -10.5 (better)"),
    ],
)
def test_better_means_intervals_that_do_not_overlap(values: list[float], metric: str, expected: str) -> None:
    baseline = summarise(rows("dual", [60.0, 61.0, 62.0], metric=metric, baseline=True))[0]
    head = summarise(rows("head", values, metric=metric))[0]
    assert verdict(head, baseline) == f"head against dual: {expected}"


def test_a_head_is_set_against_the_strongest_baseline() -> None:
    text = render(rows("chance", [0.1, 0.1, 0.1], baseline=True) + DUAL + CAMOE, page=PAGE)
    assert "against dual encoder" in text
    assert "against chance" not in text


def test_different_galleries_never_share_a_table() -> None:
    text = render(DUAL + rows("dual encoder", [90.0, 91.0], gallery=4, baseline=True), page=PAGE)
    assert "1,000 to choose from" in text
    assert "1,000 queries, 4 to choose from" in text
    head, other = (
        summarise(CAMOE)[0],
        summarise(rows("dual encoder", [1.0, 2.0], gallery=4, baseline=True))[0],
    )
    with pytest.raises(ReportError, match="not measured on the same thing"):
        verdict(head, other)


def test_seeds_in_any_order_give_the_same_page() -> None:
    assert render(list(reversed(CAMOE)), page=PAGE) == render(CAMOE, page=PAGE)


def test_figures_notes_and_published_numbers_stand_with_their_task() -> None:
    moments = rows("vlgnet", [60.0, 61.0], metric="R@1 IoU=0.5", task=MOMENTS)
    text = render(
        DUAL + moments,
        page=PAGE,
        made_by="make evaluate",
        figures=[Figure(Path("docs/reference/plots/recall.png"), "Recall", TEXT_TO_VIDEO)],
        notes=[Note(MOMENTS, "Tried twice.")],
        published=PUBLISHED,
    )
    first, second = text.split("## Moments")
    assert "![Recall](plots/recall.png)" in first
    assert "Made by `make evaluate`; do not edit." in first
    assert "Tried twice." in second
    assert "VLG-Net" in second
    assert "VLG-Net" not in first
    assert "not measured here" in second
    assert "ReGaDa" not in text


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="no rows to report"):
        render([], page=PAGE)
    with pytest.raises(ReportError, match="'moments' was not measured; there are text to video"):
        render(DUAL, page=PAGE, notes=[Note(MOMENTS, "x")])
    with pytest.raises(ReportError, match="camoe, R@1 on text to video: seed 0 occurs twice"):
        summarise([*CAMOE, CAMOE[0]])
    with pytest.raises(ReportError, match="transductive or baseline in one row, not in another"):
        summarise([*CAMOE, *rows("camoe", [1.0], metric="R@5", transductive=True)])


def test_the_page_is_written(tmp_path: Path) -> None:
    page = tmp_path / "docs" / "results.md"
    write_results(page, render(DUAL, page=page))
    assert page.read_text().startswith("# Results\n\n")
    assert [p.name for p in page.parent.iterdir()] == ["results.md"]
