"""The example never answers its own query."""

from __future__ import annotations

import math

import pytest
import torch

from vtr.models.heads.covr.answers import mask_examples, without_example


def test_all_clips_of_the_example_go_and_the_order_stays() -> None:
    hits = [("a", 0.9), ("b", 0.8), ("a", 0.7), ("c", 0.6)]
    assert without_example(hits, "a", key=lambda hit: hit[0]) == [("b", 0.8), ("c", 0.6)]
    assert without_example(hits, "unknown", key=lambda hit: hit[0]) == hits


def test_scores_of_the_own_example_alone_are_masked() -> None:
    scores = torch.arange(8.0).reshape(2, 4)
    masked = mask_examples(scores, ["b", "absent"], ["a", "b", "c", "b"])
    assert masked.tolist() == [[0.0, -math.inf, 2.0, -math.inf], [4.0, 5.0, 6.0, 7.0]]
    assert scores[0, 1] == 1


def test_lengths_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\[1, 2\]"):
        mask_examples(torch.zeros(2, 2), ["a"], ["a", "b"])
