from __future__ import annotations

import numpy as np
import pytest
import torch

from vtr.models.heads.vlgnet.claims import Claim
from vtr.models.heads.vlgnet.examples import Example, Snippets, collate, in_batches, snippets_of

RED_LEFT = Claim("the red circle", "moves", "left", None, None)


def snippets(count: int) -> Snippets:
    frames = np.random.default_rng(count).normal(size=(count, 6)).astype(np.float32)
    return snippets_of(frames, np.arange(count) / 5, 0.0, count / 5)


def test_a_long_clip_becomes_few_snippets_that_cover_it_from_end_to_end() -> None:
    frames = np.arange(57, dtype=np.float32)[:, None]
    found = snippets_of(frames, 3 + np.arange(57) / 5, 2.9, 14.5, limit=32)
    assert found.features.flatten().tolist() == [*(2 * k + 0.5 for k in range(28)), 56.0]
    assert [float(found.edges_s[0]), float(found.edges_s[-1])] == pytest.approx([2.9, 14.5])
    assert float(found.edges_s[1]) == pytest.approx(3.3)


def test_a_batch_is_padded_and_its_candidates_end_with_their_video() -> None:
    batch = collate(
        [
            Example(snippets(5), torch.ones(3, 4), ((0.0, 0.4), (0.6, 1.0)), group=7),
            Example(snippets(2), torch.ones(1, 4), ((0.2, 0.4),), group=8),
        ]
    )
    assert batch.frame_mask.sum(dim=1).tolist() == [5, 2]
    assert batch.word_mask.tolist() == [[True] * 3, [True, False, False]]
    assert batch.edges_s is not None
    assert batch.edges_s[1].tolist() == pytest.approx([0.0, 0.1, 0.4, 0.4, 0.4, 0.4])
    assert batch.moment_mask is not None
    assert batch.moment_mask.tolist() == [[True, True], [True, False]]
    assert batch.group is not None
    assert batch.group.tolist() == [7, 8]
    assert batch.others is None


def test_targets_and_false_sentences_are_there_only_where_all_have_them() -> None:
    one = Example(snippets(2), torch.ones(1, 4), ((0.0, 0.2),), other=torch.ones(2, 4))
    batch = collate([one, Example(snippets(2), torch.ones(1, 4))])
    assert batch.moments_s is None
    assert batch.others is None
    batch = collate([one, one])
    assert batch.other_mask is not None
    assert batch.other_mask.tolist() == [[True, True]] * 2


def test_examples_come_in_their_order() -> None:
    found = list(in_batches((Example(snippets(2), torch.ones(1, 4), group=g) for g in range(5)), 2))
    assert [batch.group.tolist() for batch in found if batch.group is not None] == [[0, 1], [2, 3], [4]]


@pytest.mark.parametrize(
    ("event", "true"),
    [
        (RED_LEFT, True),
        (Claim("the red circle", "moves", "left", "slowly", None), True),
        (Claim("the red circle", "moves", "right", None, None), False),
        (Claim("the blue circle", "moves", "left", None, None), False),
        (Claim("the red circle", "grows", None, None, None), False),
    ],
)
def test_a_claim_is_true_of_events_of_which_at_least_as_much_is_said(event: Claim, true: bool) -> None:
    other = Claim("the blue star", "grows", None, "slowly", None)
    assert RED_LEFT.true_of([other, event]) == true
    assert not Claim("the blue star", "grows", None, "quickly", None).true_of([other, event])
