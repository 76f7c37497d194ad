import torch

from support.moment_batches import tiny_config
from vtr.models.heads.vlgnet.candidates import MomentPooling, all_columns, newest_columns, valid_cells


def test_valid_cells_are_the_upper_triangle_of_real_snippets() -> None:
    mask = torch.tensor([[True, True, True, False]])
    found = valid_cells(mask, all_columns(mask))[0]
    assert {tuple(cell) for cell in found.nonzero().tolist()} == {
        (i, j) for i in range(3) for j in range(i, 3)
    }


def test_newest_columns_end_at_the_last_real_snippet() -> None:
    mask = torch.tensor([[True, True, True, False], [True, False, False, False]])
    columns = newest_columns(mask, 2)
    assert columns.tolist() == [[0, 1, 2], [-2, -1, 0]]
    assert valid_cells(mask, columns)[1].nonzero().tolist() == [[0, 2]]


def test_a_candidate_is_pooled_from_its_own_snippets_alone() -> None:
    torch.manual_seed(0)
    pooling = MomentPooling(tiny_config())
    video, words = torch.randn(1, 6, 16), torch.randn(1, 3, 16)
    mask, word_mask = torch.ones(1, 6, dtype=torch.bool), torch.ones(1, 3, dtype=torch.bool)
    before, _ = pooling(video, mask, words, word_mask, all_columns(mask))
    changed = video.clone()
    changed[0, 4] += 1
    after, _ = pooling(changed, mask, words, word_mask, all_columns(mask))
    moved = (before != after).any(dim=-1)[0]
    assert {tuple(c) for c in moved.nonzero().tolist()} == {(i, j) for i in range(5) for j in range(4, 6)}


def test_pooling_equals_a_slow_softmax() -> None:
    torch.manual_seed(0)
    pooling = MomentPooling(tiny_config(boundary=False, fuse_query=False))
    video, words = torch.randn(1, 5, 16), torch.randn(1, 3, 16)
    mask, word_mask = torch.ones(1, 5, dtype=torch.bool), torch.ones(1, 3, dtype=torch.bool)
    found, _ = pooling(video, mask, words, word_mask, all_columns(mask))
    query = pooling.query(words[0].mean(0))
    logits = pooling.key(video[0]) @ query / 4 + pooling.salience(video[0])[:, 0]
    for i in range(5):
        for j in range(i, 5):
            weights = torch.softmax(logits[i : j + 1], dim=0)
            torch.testing.assert_close(found[0, i, j], weights @ pooling.value(video[0, i : j + 1]))
