"""Binary accuracy: the right one of two, as with a caption and the same caption with one factor swapped."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from vtr.evaluation.metrics.checks import Floats, same_length, vector

Ties = Literal["wrong", "half"]


def correct_pairs(right: ArrayLike, wrong: ArrayLike, ties: Ties = "wrong") -> Floats:
    """Of each pair 1 if the right one scores higher, else 0: float64 [Q].

    A tie is wrong, since a scorer that cannot tell the two apart has not answered. ``ties="half"`` is for
    baselines that tie by nature, such as a frequency prior: it must not make a baseline look worse than a
    coin.
    """
    a, b = vector(right, "right"), vector(wrong, "wrong")
    same_length(right=a, wrong=b)
    return np.asarray((a > b) + (0.5 if ties == "half" else 0.0) * (a == b), dtype=np.float64)


def binary_accuracy(right: ArrayLike, wrong: ArrayLike, ties: Ties = "wrong") -> float:
    """The mean of :func:`correct_pairs` in percent; chance is 50."""
    return float(100.0 * correct_pairs(right, wrong, ties).mean())
