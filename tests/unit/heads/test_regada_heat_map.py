import pytest
import torch

from vtr.models.heads.base import HeadError
from vtr.models.heads.regada.boxes import grid_boxes
from vtr.models.heads.regada.heat_map import frame_peaks, heat_map, points_inside, smooth_map


def test_a_heat_map_sums_to_one_and_ignores_padded_regions() -> None:
    torch.manual_seed(0)
    heat = torch.rand(2, 3, 4)
    boxes = torch.rand(2, 3, 4, 2).sort(dim=-2).values.repeat(1, 1, 1, 2)
    boxes[..., 2:] += 0.5
    mask = torch.rand(2, 3, 4) > 0.3
    found = heat_map(heat, boxes, mask, 5, 7)
    assert found.shape == (2, 3, 5, 7)
    torch.testing.assert_close(found.sum(dim=(1, 2, 3)), torch.ones(2))
    heat[~mask], boxes[~mask] = float("nan"), float("nan")
    torch.testing.assert_close(heat_map(heat, boxes, mask, 5, 7), found)


def test_on_the_grid_itself_the_map_is_the_heat() -> None:
    heat = torch.softmax(torch.randn(1, 2 * 6), dim=1).view(1, 2, 6)
    boxes = grid_boxes(2, 3).expand(1, 2, 6, 4)
    found = heat_map(heat, boxes, torch.ones(1, 2, 6, dtype=torch.bool), 2, 3)
    torch.testing.assert_close(found.view(1, 2, 6), heat)


def test_finer_cells_share_a_regions_heat() -> None:
    heat = torch.tensor([[[0.8, 0.2]]])
    found = heat_map(heat, grid_boxes(1, 2).view(1, 1, 2, 4), torch.ones(1, 1, 2, dtype=torch.bool), 2, 4)
    torch.testing.assert_close(found[0, 0], torch.tensor([[0.2, 0.2, 0.05, 0.05]] * 2))


def test_a_clip_without_heat_is_refused() -> None:
    with pytest.raises(HeadError, match="no heat"):
        heat_map(torch.ones(1, 1, 1), torch.zeros(1, 1, 1, 4), torch.ones(1, 1, 1, dtype=torch.bool), 2, 2)


def test_peaks_point_into_the_box() -> None:
    heat = torch.zeros(2, 2, 4)
    heat[0, 1, 2], heat[1, 0, 0] = 1, 1
    points = frame_peaks(heat)
    assert points.tolist() == [[0.625, 0.75], [0.125, 0.25]]
    boxes = torch.tensor([[0.5, 0.5, 1.0, 1.0], [0.5, 0.5, 1.0, 1.0]])
    assert points_inside(points, boxes).tolist() == [True, False]
    assert points_inside(torch.zeros(2), torch.zeros(4)).item() is False


def test_the_centre_of_the_heat_lies_between_warm_cells() -> None:
    heat = torch.zeros(1, 3, 4)
    heat[0, 1, 1], heat[0, 1, 2], heat[0, 0, 1], heat[0, 1, 3] = 0.5, 0.3, 0.2, 0.4
    assert frame_peaks(heat)[0].tolist() == pytest.approx([1.5 / 4, 0.5])
    # The cell two columns away does not count.
    expected = [(0.7 * 1.5 + 0.3 * 2.5) / 4, (0.8 * 1.5 + 0.2 * 0.5) / 3]
    assert frame_peaks(heat, reach=1)[0].tolist() == pytest.approx(expected)


def test_a_smooth_map_peaks_where_a_cell_looks_and_between_two_that_are_as_warm() -> None:
    heat = torch.zeros(2, 1, 36)
    heat[0, 0, 14] = 1  # row 2, column 2
    heat[1, 0, 14], heat[1, 0, 15] = 0.5, 0.5
    found = smooth_map(heat, 6, 48, 48)
    torch.testing.assert_close(found.sum(dim=(-2, -1)), torch.ones(2, 1), atol=1e-4, rtol=0)
    one, two = frame_peaks(found)[:, 0].tolist()
    assert one == pytest.approx([2.25 / 6, 2.25 / 6], abs=0.02)
    assert two == pytest.approx([2.75 / 6, 2.25 / 6], abs=0.02)
    with pytest.raises(HeadError, match="36 cells"):
        smooth_map(heat, 5, 8, 8)
