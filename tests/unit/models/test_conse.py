"""ConSE and pooling on numbers small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pytest

from vtr.models.encoders.conse import TEMPERATURE, TOP_K, conse
from vtr.models.encoders.pooling import pool_windows, unit


def test_a_sure_frame_takes_the_direction_of_its_class() -> None:
    labels = np.eye(40, dtype=np.float32)
    logits = np.zeros((1, 40), dtype=np.float32)
    logits[0, 7] = 100
    centred = labels - labels.mean(axis=0)
    np.testing.assert_allclose(conse(logits, labels)[0], unit(centred)[7], atol=1e-6)


def test_is_the_weighted_sum_over_the_top_classes_only() -> None:
    rng = np.random.default_rng(0)
    labels = rng.normal(size=(60, 8)).astype(np.float32)
    logits = rng.normal(size=(3, 60)).astype(np.float32)
    got = conse(logits, labels)
    centred = labels - labels.mean(axis=0)
    for number, row in enumerate(logits):
        top = np.argsort(-row)[:TOP_K]
        by_hand = np.sum([np.exp(row[i] / TEMPERATURE) * centred[i] for i in top], axis=0)
        np.testing.assert_allclose(got[number], unit(by_hand), atol=1e-5)


def test_a_frame_is_not_changed_by_large_logits_of_a_constant() -> None:
    rng = np.random.default_rng(1)
    labels = rng.normal(size=(60, 8)).astype(np.float32)
    logits = rng.normal(size=(2, 60)).astype(np.float32)
    np.testing.assert_allclose(conse(logits, labels), conse(logits + 800, labels), atol=1e-3)


def test_windows_weigh_by_their_tokens() -> None:
    vectors = np.array([[1, 0], [0, 1], [0, 1]], dtype=np.float32)
    got = pool_windows(vectors, owners=[0, 0, 1], weights=np.array([3, 4, 9]), count=2)
    np.testing.assert_allclose(got, np.array([[0.6, 0.8], [0.0, 1.0]]), atol=1e-6)


def test_no_direction_is_an_error() -> None:
    with pytest.raises(ValueError, match="no direction"):
        unit(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="no direction"):
        unit(np.array([[np.nan, 1.0]]))
