"""What a trained composer is compared with: the parts of its query, and sums of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtr.models.heads.covr.search import ComposedSearch

Floats = NDArray[np.float32]
WEIGHTS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5)
RIDGES = (0.01, 0.1, 1.0, 10.0, 100.0)


def unit_rows(values: Floats) -> Floats:
    """``values`` [N, D] scaled to L2 norm 1."""
    found: Floats = (values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-6)).astype(
        np.float32
    )
    return found


def weighted(example: Floats, text: Floats, weight: float) -> Floats:
    """``norm(v + weight * t)``; weight 1 is what a search without a trained composer asks."""
    return unit_rows(example + np.float32(weight) * text)


def best_weight(search: ComposedSearch, example: Floats, text: Floats) -> float:
    """The weight of :data:`WEIGHTS` of the best R@1 on ``search`` (validation), the smallest of equals."""
    found = [np.mean(search.ranks(weighted(example, text, weight)) == 1) for weight in WEIGHTS]
    return WEIGHTS[int(np.argmax(found))]


@dataclass(frozen=True)
class LinearComposer:
    """``norm(v + A [v; t; 1])``: ridge regression of the change, in closed form. ``matrix`` [2 D + 1, D]."""

    matrix: Floats

    @classmethod
    def fit(cls, example: Floats, text: Floats, target: Floats, ridge: float) -> LinearComposer:
        """From triplets of training, all [Q, D]."""
        inputs = _inputs(example, text).astype(np.float64)
        square = inputs.T @ inputs + ridge * np.eye(inputs.shape[1])
        matrix = np.linalg.solve(square, inputs.T @ (target - example))
        return cls(matrix.astype(np.float32))

    def __call__(self, example: Floats, text: Floats) -> Floats:
        return unit_rows(example + _inputs(example, text) @ self.matrix)


def _inputs(example: Floats, text: Floats) -> Floats:
    found: Floats = np.concatenate([example, text, np.ones((len(example), 1), np.float32)], axis=1)
    return found
