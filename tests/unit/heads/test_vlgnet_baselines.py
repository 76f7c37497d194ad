import pytest
import torch

from vtr.models.heads.base import HeadError
from vtr.models.heads.vlgnet.baselines import MomentPrior, full_valid, random_anchor, window_cosine
from vtr.models.heads.vlgnet.decode import decode_map

MASK = torch.tensor([[True, True, True, True, False]])
EDGES = torch.arange(6.0)[None]


def test_window_cosine_equals_a_slow_mean() -> None:
    torch.manual_seed(0)
    frames, text = torch.randn(1, 5, 3), torch.randn(1, 3)
    cosine = torch.nn.functional.cosine_similarity(frames[0], text, dim=1)[:4]
    plain, contrast = (window_cosine(frames, MASK, text, contrast=c)[0] for c in (False, True))
    for i in range(4):
        for j in range(i, 4):
            inside = cosine[i : j + 1]
            outside = torch.cat([cosine[:i], cosine[j + 1 :]])
            torch.testing.assert_close(plain[i, j], inside.mean())
            rest = outside.mean() if outside.numel() else cosine.mean()
            torch.testing.assert_close(contrast[i, j], inside.mean() - rest, atol=1e-6, rtol=1e-5)
    assert torch.equal(torch.isfinite(contrast), full_valid(MASK)[0])


def test_contrast_finds_the_window_that_matches() -> None:
    text = torch.tensor([[1.0, 0.0]])
    frames = torch.tensor([[[0.0, 1.0], [1.0, 0.1], [1.0, 0.2], [0.0, 1.0], [9.0, 0.0]]])
    (found,) = decode_map(window_cosine(frames, MASK, text), full_valid(MASK), EDGES, limit=1)
    assert (found[0].start_s, found[0].end_s) == (1.0, 3.0)


def test_random_anchors_are_seeded_and_real() -> None:
    assert torch.equal(random_anchor(MASK, 4), random_anchor(MASK, 4))
    assert not torch.equal(random_anchor(MASK, 4), random_anchor(MASK, 5))
    assert torch.equal(torch.isfinite(random_anchor(MASK, 4)), full_valid(MASK))


def test_the_prior_answers_where_training_moments_were() -> None:
    prior = MomentPrior.fit(torch.tensor([[2.0, 4.0], [1.0, 2.0], [0.0, 1.0]]), torch.tensor([4.0, 2.0, 8.0]))
    scores = prior.score(EDGES, MASK, iou=0.7)
    (found,) = decode_map(scores, full_valid(MASK), EDGES, limit=1, nms_iou=0.0)
    assert (found[0].start_s, found[0].end_s) == (2.0, 4.0)
    assert found[0].score == pytest.approx(2 / 3)
    with pytest.raises(HeadError, match="moments_s"):
        MomentPrior.fit(torch.zeros(0, 2), torch.zeros(0))
