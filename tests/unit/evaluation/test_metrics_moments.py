"""Moments are matched by overlap; heat maps by where they peak."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtr.evaluation.metrics.moment_baselines import MomentPrior, random_moments
from vtr.evaluation.metrics.moments import best_overlaps, moment_metrics, overlap
from vtr.evaluation.metrics.pointing import pointing_accuracy, pointing_chance, points_inside

WINDOW = st.tuples(st.integers(0, 20), st.integers(1, 10)).map(lambda w: (w[0], w[0] + w[1]))


def overlap_by_counting(a: tuple[int, int], b: tuple[int, int]) -> float:
    first, second = set(range(*a)), set(range(*b))
    return len(first & second) / len(first | second)


@given(WINDOW, WINDOW)
def test_overlap_is_that_of_counting_whole_seconds(a: tuple[int, int], b: tuple[int, int]) -> None:
    assert overlap([a], [b])[0, 0] == pytest.approx(overlap_by_counting(a, b))
    assert overlap([a], [b])[0, 0] == overlap([b], [a])[0, 0]


@given(WINDOW, WINDOW, st.integers(1, 5), st.integers(-20, 20))
def test_overlap_does_not_change_with_the_clock(
    a: tuple[int, int], b: tuple[int, int], scale: int, shift: int
) -> None:
    moved = overlap(np.array([a]) * scale + shift, np.array([b]) * scale + shift)
    assert moved == pytest.approx(overlap([a], [b]))


@given(
    st.lists(st.tuples(st.lists(WINDOW, max_size=6), st.lists(WINDOW, min_size=1, max_size=3)), min_size=1)
)
def test_recall_grows_with_k_and_falls_with_the_overlap_asked_for(
    cases: list[tuple[list[tuple[int, int]], list[tuple[int, int]]]],
) -> None:
    predicted, true = [p for p, _ in cases], [t for _, t in cases]
    found = moment_metrics(predicted, true)
    assert all(0 <= value <= 100 for value in found.values())
    for iou in (0.3, 0.5, 0.7):
        assert found[f"R@1 IoU={iou:g}"] <= found[f"R@5 IoU={iou:g}"]
    for k in (1, 5):
        assert found[f"R@{k} IoU=0.3"] >= found[f"R@{k} IoU=0.5"] >= found[f"R@{k} IoU=0.7"]


def test_no_prediction_is_no_overlap_and_any_of_several_moments_counts() -> None:
    best = best_overlaps([[], [(0, 4), (10, 20)]], [[(0, 1)], [(100, 120), (10, 20)]], k=2)
    assert best.tolist() == [0, 1]
    assert best_overlaps([[(0, 4), (10, 20)]], [[(10, 20)]], k=1).tolist() == [0]


def test_a_window_near_the_truth_counts_without_being_the_same_anchor() -> None:
    found = moment_metrics([[(2.1, 6.1)]], [[(2.0, 6.0)]])
    assert found["R@1 IoU=0.7"] == 100
    assert found["mIoU"] == pytest.approx(100 * 3.9 / 4.1)


@pytest.mark.parametrize("window", [(3, 3), (4, 2), (0, float("nan"))])
def test_a_moment_that_does_not_end_after_it_starts_is_refused(window: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="true: a moment has to end after it starts"):
        overlap([(0, 1)], [window])


@given(st.integers(0, 7), st.integers(0, 7))
def test_a_peak_points_at_the_middle_of_its_cell(row: int, column: int) -> None:
    heat = np.zeros((1, 8, 8))
    heat[0, row, column] = 1
    box = np.array([[column * 16, row * 16, column * 16 + 16, row * 16 + 16]])
    assert points_inside(heat, box, 128, 128).all()
    away = box + np.array([[16, 0, 16, 0]])
    assert not points_inside(heat, away, 128, 128).any()
    assert points_inside(heat, away, 128, 128, margin=9).all()


def test_a_flat_heat_map_has_pointed_at_nothing() -> None:
    boxes = np.array([[0, 0, 64, 64], [0, 0, 128, 128]])
    assert points_inside(np.ones((2, 8, 8)), boxes, 128, 128).tolist() == [False, True]
    assert pointing_accuracy(np.ones((2, 8, 8)), boxes, 128, 128) == 50
    assert pointing_chance(boxes, 128, 128) == pytest.approx(100 * (0.25 + 1) / 2)


def test_a_box_of_an_object_that_is_not_seen_is_refused() -> None:
    with pytest.raises(ValueError, match="boxes: an empty box"):
        points_inside(np.ones((1, 2, 2)), np.zeros((1, 4)), 10, 10)


@given(st.lists(st.floats(0.5, 100), min_size=1, max_size=5), st.integers(1, 8), st.integers(0, 99))
def test_random_moments_lie_in_their_videos(durations: list[float], k: int, seed: int) -> None:
    found = random_moments(durations, k, grid=4, seed=seed)
    for windows, duration in zip(found, durations, strict=True):
        assert len(np.unique(windows, axis=0)) == k
        assert (windows[:, 0] >= 0).all()
        assert (windows[:, 0] < windows[:, 1]).all()
        assert (windows[:, 1] <= duration + 1e-9).all()
    again = random_moments(durations, k, grid=4, seed=seed)
    assert all((a == b).all() for a, b in zip(found, again, strict=True))


def test_the_prior_predicts_where_moments_usually_are() -> None:
    prior = MomentPrior.fit([[(0, 5)], [(0, 11)], [(8, 16)]], [10, 20, 16], grid=4)
    first, second = prior.predict([40.0], k=2)[0]
    assert first.tolist() == [0, 20]
    assert second.tolist() == [20, 40]
    found = moment_metrics(prior.predict([10.0, 10.0], k=1), [[(0, 5)], [(5, 10)]], ks=(1,))
    assert found["R@1 IoU=0.7"] == 50
    with pytest.raises(ValueError, match="lengths differ"):
        MomentPrior.fit([[(0, 1)]], [1.0, 2.0])
