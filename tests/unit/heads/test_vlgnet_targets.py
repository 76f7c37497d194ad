import pytest
import torch

from vtr.models.heads.base import HeadError
from vtr.models.heads.vlgnet.losses import map_bce, video_bce
from vtr.models.heads.vlgnet.snippets import merge_frames, snippet_edges
from vtr.models.heads.vlgnet.targets import iou_map, scaled_targets


def slow_iou(a: tuple[float, float], b: tuple[float, float]) -> float:
    shared = max(0.0, min(a[1], b[1]) - max(a[0], b[0]))
    total = max(a[1], b[1]) - min(a[0], b[0]) if shared else (a[1] - a[0]) + (b[1] - b[0])
    return shared / total if total else 0.0


def test_iou_targets_equal_a_slow_reference() -> None:
    draw = torch.Generator().manual_seed(3)
    edges = torch.rand(2, 9, generator=draw).cumsum(1)
    moments = (torch.rand(2, 3, 2, generator=draw) * 4).sort(dim=-1).values
    mask = torch.tensor([[True, True, False], [False, False, False]])
    found = iou_map(edges, moments, mask)
    for i in range(8):
        for j in range(i, 8):
            span = float(edges[0, i]), float(edges[0, j + 1])
            expected = max(slow_iou(span, tuple(moments[0, g].tolist())) for g in range(2))
            assert float(found[0, i, j]) == pytest.approx(expected, abs=1e-6)
    assert torch.equal(found[1], torch.zeros(8, 8))


def test_the_true_moment_has_target_one_and_those_below_the_bound_zero() -> None:
    found = iou_map(torch.arange(5.0)[None], torch.tensor([[[1.0, 3.0]]]), torch.ones(1, 1, dtype=torch.bool))
    targets = scaled_targets(found, 0.5, 1.0)
    assert float(targets[0, 1, 2]) == 1.0
    assert float(targets[0, 0, 2]) == pytest.approx((2 / 3 - 0.5) / 0.5)
    assert float(targets[0, 1, 1]) == 0.0
    assert float(targets[0, 3, 3]) == 0.0


def test_a_moment_inside_out_is_refused() -> None:
    with pytest.raises(HeadError, match="ends before"):
        iou_map(torch.arange(3.0)[None], torch.tensor([[[2.0, 1.0]]]), torch.ones(1, 1, dtype=torch.bool))


def test_the_loss_counts_valid_cells_alone_and_videos_alike() -> None:
    logits = torch.zeros(2, 2, 2, requires_grad=True)
    valid = torch.tensor([[[True, True], [False, True]], [[True, False], [False, False]]])
    targets = torch.tensor([[[1.0, 0.0], [9.0, 0.0]], [[1.0, 9.0], [9.0, 9.0]]])
    blocked = logits.masked_fill(~valid, torch.finfo(torch.float32).min)
    loss = map_bce(blocked, targets, valid)
    assert float(loss.detach()) == pytest.approx(0.6931472)
    loss.backward()
    assert torch.equal(logits.grad[~valid], torch.zeros(4))
    assert float(logits.grad[1, 0, 0]) == pytest.approx(-0.25)


def test_the_videos_loss_moves_the_true_moment_up_and_the_best_false_one_down() -> None:
    logits, false = torch.zeros(1, 2, 2, requires_grad=True), torch.zeros(1, 2, 2)
    false[0, 0, 1] = 2.0
    false.requires_grad_()
    valid = torch.tensor([[[True, True], [False, True]]])
    overlaps = torch.tensor([[[0.2, 0.6], [1.0, 0.3]]])
    video_bce(logits, overlaps, valid, false, valid).backward()
    assert logits.grad.flatten().tolist() == pytest.approx([0.0, -0.5, 0.0, 0.0])
    assert false.grad.flatten().tolist() == pytest.approx(
        [0.0, float(torch.sigmoid(torch.tensor(2.0))), 0, 0]
    )
    nothing = video_bce(logits, overlaps, valid, false, torch.zeros_like(valid))
    assert float(nothing.detach()) == pytest.approx(0.6931472)


def test_snippet_edges_lie_halfway() -> None:
    assert snippet_edges(torch.tensor([1.0, 2.0, 4.0]), 0.0, 5.0).tolist() == [0.0, 1.5, 3.0, 5.0]
    with pytest.raises(HeadError, match="times_s"):
        snippet_edges(torch.tensor([2.0, 1.0]), 0.0, 5.0)


def test_merged_frames_are_means_with_outer_edges_kept() -> None:
    frames = torch.arange(10.0).view(2, 5, 1)
    mask = torch.tensor([[True] * 5, [True, True, True, False, False]])
    merged, real, edges = merge_frames(frames, mask, torch.arange(6.0).expand(2, -1), 3)
    assert merged[..., 0].tolist() == [[0.5, 2.5, 4.0], [5.5, 7.0, 0.0]]
    assert real.tolist() == [[True, True, True], [True, True, False]]
    assert edges.tolist() == [[0.0, 2.0, 4.0, 5.0], [0.0, 2.0, 3.0, 3.0]]
