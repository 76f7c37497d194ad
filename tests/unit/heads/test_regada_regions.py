import numpy as np
import pytest
import torch

from support.region_batches import region_batch
from vtr.models.heads.base import HeadError
from vtr.models.heads.regada.boxes import box_iou, cell_shares, touching
from vtr.models.heads.regada.region_graph import Edge, edge_kinds, region_neighbours
from vtr.models.heads.regada.regions import Regions, box_regions, grid_regions, pack_boxes


def grid(frames: int, rows: int, columns: int) -> Regions:
    draw = torch.Generator().manual_seed(0)
    features = torch.randn(1, frames, 6, rows, columns, generator=draw)
    return grid_regions(features, torch.ones(1, frames, dtype=torch.bool))


def test_grid_regions_pair_each_cell_with_its_box() -> None:
    feature_map = torch.arange(12.0).view(1, 1, 2, 2, 3)
    found = grid_regions(feature_map, torch.ones(1, 1, dtype=torch.bool))
    assert found.features[0, 0].tolist() == [[i, i + 6.0] for i in range(6)]
    torch.testing.assert_close(found.boxes[0, 0, 4], torch.tensor([1 / 3, 0.5, 2 / 3, 1.0]))


def test_boxes_pool_the_cells_they_cover() -> None:
    feature_map = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).view(1, 1, 1, 2, 2)
    boxes = torch.tensor(
        [[0.0, 0.0, 0.5, 0.5], [0.0, 0.0, 1.0, 0.5], [0.25, 0.0, 0.75, 1.0], [2.0, 2.0, 3.0, 3.0]]
    )
    found = box_regions(feature_map, boxes.view(1, 1, 4, 4), torch.ones(1, 1, 4, dtype=torch.bool))
    assert found.features[0, 0, :3, 0].tolist() == pytest.approx([1.0, 1.5, 2.5])
    assert found.mask[0, 0].tolist() == [True, True, True, False]


def test_whole_grid_boxes_pool_to_the_grid_itself() -> None:
    feature_map = torch.randn(1, 2, 3, 2, 4)
    real = torch.ones(1, 2, dtype=torch.bool)
    cells = grid_regions(feature_map, real)
    pooled = box_regions(feature_map, cells.boxes, cells.mask)
    torch.testing.assert_close(pooled.features, cells.features)


def test_a_frame_without_detections_keeps_the_whole_frame() -> None:
    boxes, mask = pack_boxes([np.zeros((0, 4), np.float32), np.full((3, 4), 0.5, np.float32)], 2)
    assert boxes[0, 0].tolist() == [0.0, 0.0, 1.0, 1.0]
    assert mask.tolist() == [[True, False], [True, True]]
    with pytest.raises(HeadError, match="frame 0"):
        pack_boxes([np.zeros((2, 3), np.float32)], 2)


def test_box_arithmetic() -> None:
    a, b = torch.tensor([0.0, 0.0, 0.5, 0.5]), torch.tensor([0.25, 0.0, 0.75, 0.5])
    assert float(box_iou(a, b)) == pytest.approx(1 / 3)
    assert bool(touching(a, torch.tensor([0.5, 0.5, 1.0, 1.0])))
    assert not bool(touching(a, torch.tensor([0.6, 0.0, 1.0, 1.0])))
    assert cell_shares(b, 2, 2).tolist() == pytest.approx([0.5, 0.5, 0.0, 0.0])


def test_edges_of_a_grid_are_eight_neighbours_the_same_cell_in_time_and_the_most_alike() -> None:
    kinds = edge_kinds(grid(3, 3, 3), 1, 0.3)[0].view(3, 9, 3, 9)
    corner, middle = kinds[1, 0], kinds[1, 4]
    assert [int(n) for n in (corner[1] == Edge.BESIDE).nonzero()] == [1, 3, 4]
    assert int((middle[1] == Edge.BESIDE).sum()) == 8
    assert int(middle[1, 4]) == Edge.ITSELF
    assert (middle == Edge.SAME_PLACE).nonzero().tolist() == [[0, 4], [2, 4]]
    assert int((kinds[0, 4] == Edge.SAME_PLACE).sum()) == 1
    assert int((kinds == Edge.ALIKE).sum()) == 27


def test_appearance_edges_go_to_the_most_alike_that_is_not_a_neighbour_yet() -> None:
    regions = grid(3, 1, 2)
    features = torch.tensor([[1.0, 0.0], [0.0, 1.0]]).expand(1, 3, 2, 2)
    kinds = edge_kinds(Regions(features, regions.boxes, regions.mask), 1, 0.3)[0]
    # Cell 0 of frame 0: itself, its neighbour 1, itself in frame 1 (node 2), its like in frame 2 (node 4).
    assert kinds[0].tolist() == [Edge.ITSELF, Edge.BESIDE, Edge.SAME_PLACE, 0, Edge.ALIKE, 0]


def test_padded_regions_have_no_edges_and_lists_hold_all_of_the_matrix() -> None:
    batch = region_batch(padding=1)
    regions = Regions(batch.features, batch.boxes, batch.mask)
    kinds = edge_kinds(regions, 2, 0.3)
    padded = ~batch.mask.flatten(1)
    assert not bool(kinds[padded].any())
    assert not bool(kinds.transpose(1, 2)[padded].any())
    found = region_neighbours(regions, 2, 0.3)
    assert torch.equal((found.kind > 0).sum(-1), (kinds > 0).sum(-1))
    for k in range(found.index.shape[2]):
        one = found.index[:, :, k : k + 1]
        assert torch.equal(kinds.gather(2, one).long(), found.kind[:, :, k : k + 1])
