import pytest
import torch

from vtr.models.heads.base import HeadError
from vtr.models.heads.vlgnet.batch import MomentMap
from vtr.models.heads.vlgnet.decode import decode_map, suppress, video_scores
from vtr.models.heads.vlgnet.targets import temporal_iou


def slow_suppress(spans: list[list[float]], scores: list[float], threshold: float) -> list[int]:
    left, kept = sorted(range(len(scores)), key=lambda i: -scores[i]), []
    for i in left:
        a = torch.tensor(spans[i])
        if all(float(temporal_iou(a, torch.tensor(spans[k]))) <= threshold for k in kept):
            kept.append(i)
    return kept


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 1.0])
def test_suppression_equals_a_slow_reference(threshold: float) -> None:
    draw = torch.Generator().manual_seed(1)
    spans = (torch.rand(40, 2, generator=draw) * 10).sort(dim=1).values
    scores = torch.rand(40, generator=draw)
    expected = slow_suppress(spans.tolist(), scores.tolist(), threshold)
    assert suppress(spans, scores, threshold, 40) == expected
    assert suppress(spans, scores, threshold, 3) == expected[:3]


def test_moments_are_in_seconds_best_first_and_apart() -> None:
    scores = torch.tensor([[[0.1, 0.9, 0.2], [9.0, 0.8, 0.3], [9.0, 9.0, 0.7]]])
    valid = torch.ones(1, 3, 3, dtype=torch.bool).triu()
    (found,) = decode_map(scores, valid, torch.tensor([[0.0, 2.0, 4.0, 6.0]]), limit=2, nms_iou=0.4)
    assert [(m.start_s, m.end_s) for m in found] == [(0.0, 4.0), (4.0, 6.0)]
    assert found[0].score == pytest.approx(0.9)
    with pytest.raises(HeadError, match="limit"):
        decode_map(scores, valid, torch.tensor([[0.0, 2.0, 4.0, 6.0]]), limit=0)


def test_video_scores_ignore_cells_that_do_not_exist() -> None:
    valid = torch.ones(1, 2, 2, dtype=torch.bool).triu()
    logits = torch.tensor([[[1.0, 2.0], [50.0, 0.5]]])
    found = MomentMap(logits, valid, torch.arange(2)[None])
    assert video_scores(found, "max").tolist() == [2.0]
    expected = torch.logsumexp(torch.tensor([1.0, 2.0, 0.5]), 0)
    torch.testing.assert_close(video_scores(found, "logsumexp")[0], expected)
