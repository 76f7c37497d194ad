"""The shapes as signed distances, and how far they reach: what is drawn and where its box is."""

from __future__ import annotations

from functools import cache
from math import cos, hypot, pi, sin

import numpy as np
from numpy.typing import NDArray

Floats32 = NDArray[np.float32]

_HALF = pi / 5
_INNER = 0.44
_STAR_X, _STAR_Y = _INNER * cos(_HALF) - 1.0, _INNER * sin(_HALF)
_STAR_LENGTH = hypot(_STAR_X, _STAR_Y)


def distance(shape: str, u: Floats32, v: Floats32) -> Floats32:
    """Signed distance to the edge of ``shape`` of radius 1, negative inside; y (``v``) down.

    Exact near straight edges and arcs, which is enough to smooth them over a pixel.
    """
    match shape:
        case "circle":
            found = np.hypot(u, v) - 0.95
        case "ring":
            found = np.abs(np.hypot(u, v) - 0.68) - 0.27
        case "square":
            found = np.maximum(np.abs(u), np.abs(v)) - 0.8
        case "triangle":
            found = np.maximum(v, 0.8660254 * np.abs(u) - 0.5 * v) - 0.52
        case "cross":
            a, b = np.abs(u), np.abs(v)
            found = np.minimum(np.maximum(a - 0.95, b - 0.32), np.maximum(b - 0.95, a - 0.32))
        case "heart":
            a = np.abs(u)
            found = np.minimum((a + np.abs(v) - 0.85) * 0.70710678, np.hypot(a - 0.425, v + 0.425) - 0.601)
        case "crescent":
            found = np.maximum(np.hypot(u, v) - 0.95, 0.72 - np.hypot(u - 0.5, v))
        case "star":
            around = np.arctan2(u, -v)
            folded = np.abs((around + _HALF) % (2 * _HALF) - _HALF)
            r = np.hypot(u, v)
            x, y = r * np.cos(folded) - 1.0, r * np.sin(folded)
            found = (y * -_STAR_X + x * _STAR_Y) / _STAR_LENGTH
        case _:
            raise ValueError(f"shape: {shape!r} is unknown")
    return found.astype(np.float32, copy=False)


@cache
def _support(shape: str) -> NDArray[np.float64]:
    """How far ``shape`` reaches in each direction: [360], by degree, from +x clockwise with y down."""
    axis = np.linspace(-1.25, 1.25, 251, dtype=np.float32)
    v, u = np.meshgrid(axis, axis, indexing="ij")
    inside = np.abs(distance(shape, u, v)) < 0.02
    x, y = u[inside].astype(np.float64), v[inside].astype(np.float64)
    degrees = np.deg2rad(np.arange(360))[:, None]
    return np.asarray((np.cos(degrees) * x + np.sin(degrees) * y).max(axis=1))


def reach(
    shape: str, angle: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """How far the shape turned by ``angle`` [T] reaches left, up, right, down of its centre, in radii [T]."""
    table = _support(shape)
    turned = np.rint(np.rad2deg(angle)).astype(int)
    left, up, right, down = (table[(side - turned) % 360] for side in (180, 270, 0, 90))
    return left, up, right, down
