"""How sure a number is: over seeds, and over queries."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from vtr.evaluation.metrics.checks import same_length, vector


@dataclass(frozen=True)
class Interval:
    """A mean and the 95 % interval around it; ``n`` values went in. With one value there is no interval:
    ``low`` and ``high`` are then infinite, never equal to the mean."""

    mean: float
    low: float
    high: float
    n: int

    def overlaps(self, other: Interval) -> bool:
        """Whether the two intervals share a point."""
        return self.low <= other.high and other.low <= self.high


def seed_interval(values: ArrayLike, confidence: float = 0.95) -> Interval:
    """Student's t interval of the mean over runs that differ in their seed alone.

    ``mean +- t(n - 1) * s / sqrt(n)`` with s the sample's standard deviation: with three seeds t is 4.3,
    which is why three seeds that differ a little give a wide interval.
    """
    from scipy.special import stdtrit  # noqa: PLC0415 (slow to import, needed here alone)

    found = vector(values, "values")
    mean, n = float(found.mean()), len(found)
    if n == 1:
        return Interval(mean, -math.inf, math.inf, 1)
    half = float(stdtrit(n - 1, 0.5 + confidence / 2)) * float(found.std(ddof=1)) / math.sqrt(n)
    return Interval(mean, mean - half, mean + half, n)


@dataclass(frozen=True)
class Difference:
    """By how much the first exceeds the second: mean, interval, and the share of resamples where it does
    not (a one-sided p; never 0, since that many resamples cannot show it)."""

    mean: float
    low: float
    high: float
    p: float


def paired_bootstrap(
    first: ArrayLike, second: ArrayLike, *, resamples: int = 2000, seed: int = 0, confidence: float = 0.95
) -> Difference:
    """Compares two scorers on the same queries (Efron and Tibshirani 1993; Koehn 2004 for paired use).

    ``first[q]`` and ``second[q]`` are what each reaches on query q (found or not, an average precision, an
    overlap). Queries are drawn again with replacement, both scorers together, so that what makes a query hard
    cancels. The interval is that of the percentiles.
    """
    a, b = vector(first, "first"), vector(second, "second")
    n = same_length(first=a, second=b)
    difference = a - b
    rng = np.random.default_rng(seed)
    # In parts, so that many queries need little memory.
    part = max(1, min(resamples, 4_000_000 // n))
    means = np.concatenate(
        [
            difference[rng.integers(0, n, size=(min(part, resamples - done), n))].mean(axis=1)
            for done in range(0, resamples, part)
        ]
    )
    low, high = np.quantile(means, [0.5 - confidence / 2, 0.5 + confidence / 2])
    p = (1 + int((means <= 0).sum())) / (1 + resamples)
    return Difference(float(difference.mean()), float(low), float(high), p)
