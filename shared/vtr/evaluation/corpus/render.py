"""The pixels of a scene, and the boxes of its objects in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtr.evaluation.corpus.backgrounds import LIGHT, draw_background
from vtr.evaluation.corpus.factors import COLOURS
from vtr.evaluation.corpus.motion import PAN, Floats, camera, tracks
from vtr.evaluation.corpus.scene import Scene, Thing
from vtr.evaluation.corpus.shapes import Floats32, distance, reach

Frames = NDArray[np.uint8]

_NOISE = 2.5
_NOISE_TILES = 4
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_EDGE_PX = 0.75
"""How far beyond its exact edge an object still tints pixels."""


def render(scene: Scene, side: int) -> Frames:
    """The video as RGB frames ``[T, side, side, 3]``. The same scene and side give the same bytes."""
    margin = int(np.ceil(PAN * side)) + 2
    wide = side + 2 * margin
    canvas = draw_background(scene.background, scene.time_of_day, scene.seed, wide)
    shift = np.rint(camera(scene) * side).astype(int)
    frames = np.empty((scene.frames, side, side, 3), dtype=np.float32)
    for t in range(scene.frames):
        top, left = margin - shift[1, t], margin - shift[0, t]
        frames[t] = canvas[top : top + side, left : left + side]
    gain = np.array(LIGHT[scene.time_of_day], dtype=np.float32) ** 0.18
    for thing, track in zip(scene.things, tracks(scene), strict=True):
        brush = _Brush(thing, gain)
        for member in range(thing.count):
            xs = (track.x + track.offsets[member]) * side + shift[0]
            ys = track.y * side + shift[1]
            for t in range(scene.frames):
                if track.visible[t]:
                    brush.paint(frames[t], xs[t], ys[t], track.radius[t] * side, track.angle[t])
    rng = np.random.default_rng([scene.seed, 2])
    tiles = rng.normal(0, _NOISE, (_NOISE_TILES, side, side, 1)).astype(np.float32)
    rolls = rng.integers(0, side, (scene.frames, 2))
    for t in range(scene.frames):
        frames[t] += np.roll(tiles[t % _NOISE_TILES], tuple(rolls[t]), axis=(0, 1))
    return np.asarray(np.clip(frames, 0, 255).astype(np.uint8))


class _Brush:
    """Paints one thing's objects; keeps the last stamp, as most objects rest most of the time."""

    def __init__(self, thing: Thing, gain: Floats32) -> None:
        colour = np.array(COLOURS[thing.colour], dtype=np.float32)
        dark = colour.sum() < 120
        # The pattern's second tone: lighter, but darker where lighter would hardly show.
        bright = colour @ _LUMA > 190
        second = colour * 0.62 if bright else colour + (255 - colour) * (0.35 if dark else 0.55)
        self._colour = colour * gain
        self._second = second * gain
        self._outline = np.full(3, 225.0 if dark else 18.0, dtype=np.float32) * gain
        self._thing = thing
        self._pose: tuple[float, ...] = ()
        self._stamp: tuple[int, int, Floats32, Floats32] | None = None

    def paint(self, frame: Floats32, x: float, y: float, radius: float, angle: float) -> None:
        """Lay the object over ``frame`` [H, W, 3] in place; centre and radius in pixels."""
        pose = (x, y, radius, angle)
        if pose != self._pose or self._stamp is None:
            self._pose, self._stamp = pose, self._draw(*pose)
        left, top, paint, alpha = self._stamp
        height, width = frame.shape[:2]
        x0, y0 = max(left, 0), max(top, 0)
        x1, y1 = min(left + paint.shape[1], width), min(top + paint.shape[0], height)
        if x1 <= x0 or y1 <= y0:
            return
        part = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
        under = frame[y0:y1, x0:x1]
        under += (paint[part] - under) * alpha[part]

    def _draw(self, x: float, y: float, radius: float, angle: float) -> tuple[int, int, Floats32, Floats32]:
        extent = radius * 1.12 + 2
        left, top = int(np.floor(x - extent)), int(np.floor(y - extent))
        size = int(np.ceil(2 * extent)) + 1
        dx = np.arange(left, left + size, dtype=np.float32) + np.float32(0.5 - x)
        dy = np.arange(top, top + size, dtype=np.float32)[:, None] + np.float32(0.5 - y)
        cos, sin = np.float32(np.cos(angle) / radius), np.float32(np.sin(angle) / radius)
        u, v = cos * dx + sin * dy, cos * dy - sin * dx
        edge = distance(self._thing.shape, u, v) * np.float32(radius)
        alpha = np.clip(0.5 - edge, 0, 1)[..., None]
        rim = np.clip(1.6 + edge, 0, 1)[..., None]
        second = self._pattern(u, v)[..., None]
        paint = self._colour + (self._second - self._colour) * second
        # Darker towards its own foot, so that no shape looks the same after part of a turn.
        paint = paint * (1 - 0.22 * np.clip(v, -1, 1))[..., None]
        paint = paint + (self._outline - paint) * rim
        return left, top, paint.astype(np.float32), alpha.astype(np.float32)

    def _pattern(self, u: Floats32, v: Floats32) -> Floats32:
        match self._thing.pattern:
            case "striped":
                return np.asarray((u * 1.6 + 0.25) % 1 < 0.5, dtype=np.float32)
            case "dotted":
                spot = np.hypot((u * 1.7) % 1 - 0.5, (v * 1.7) % 1 - 0.5)
                return np.asarray(spot < 0.34, dtype=np.float32)
            case "checked":
                return np.asarray((np.floor(u * 2.4) + np.floor(v * 2.4)) % 2, dtype=np.float32)
            case _:
                return np.zeros_like(u)


@dataclass(frozen=True)
class ObjectBoxes:
    """One object's boxes: ``xyxy`` int [T, 4], pixels, x1 and y1 exclusive; all zero where it is not seen."""

    thing: int
    xyxy: NDArray[np.int64]


def boxes(scene: Scene, side: int) -> list[ObjectBoxes]:
    """The box of every object at every frame, clipped to the frame; holds all pixels that it tints."""
    shift = np.rint(camera(scene) * side)
    found = []
    for index, (thing, track) in enumerate(zip(scene.things, tracks(scene), strict=True)):
        radius: Floats = track.radius * side
        left, up, right, down = (r * radius + _EDGE_PX for r in reach(thing.shape, track.angle))
        for member in range(thing.count):
            x = (track.x + track.offsets[member]) * side + shift[0]
            y = track.y * side + shift[1]
            corners = np.stack(
                [np.floor(x - left), np.floor(y - up), np.ceil(x + right), np.ceil(y + down)], axis=1
            )
            xyxy = np.clip(corners, 0, side).astype(np.int64)
            seen = track.visible & (xyxy[:, 2] > xyxy[:, 0]) & (xyxy[:, 3] > xyxy[:, 1])
            found.append(ObjectBoxes(thing=index, xyxy=np.where(seen[:, None], xyxy, 0)))
    return found
