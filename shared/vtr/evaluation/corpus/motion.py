"""Where every object is at every frame: position, angle, scale, visibility, as functions of a scene."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np
from numpy.typing import NDArray

from vtr.evaluation.corpus.factors import DIRECTIONS, RELATIONS, SIZES, TURNS
from vtr.evaluation.corpus.scene import Event, Scene, event_frames

Floats = NDArray[np.float64]

TRAVEL = {1: 0.42, 2: 0.28, 3: 0.25}
"""How far a thing moves, by the number of things that share the frame; in shares of the frame's side."""
ORBIT = 0.13
SPACING = 2.15
OVERHANG = 0.25
"""How much of its radius an object may leave the frame by."""
PAN = 0.03
SHAKE = 0.01
GROWN, SHRUNK = 1.6, 0.55


@dataclass(frozen=True)
class Track:
    """One thing over T frames. ``x``, ``y``: centre [T], shares of the frame; ``radius`` [T] likewise;
    ``angle`` [T] radians, clockwise with y down; ``visible`` [T]; ``offsets`` [count, T]: each object's x
    from the centre."""

    x: Floats
    y: Floats
    radius: Floats
    angle: Floats
    visible: NDArray[np.bool_]
    offsets: Floats


def flow(adverb: str | None, u: Floats) -> Floats:
    """Progress [0, 1] of an event done in the manner of ``adverb``, at shares ``u`` of its time."""
    if adverb == "jerkily":
        step = np.minimum(np.floor(u * 3), 2)
        return (step + np.clip((u * 3 - step - 0.7) / 0.3, 0, 1)) / 3
    if adverb == "smoothly":
        return (1 - np.cos(pi * u)) / 2
    if adverb == "carefully":
        return 1 - (1 - u) ** 2.6
    if adverb == "carelessly":
        # Overshoots its end by about a sixth and comes back.
        back, s = u - 1, 2.2
        return 1 + (s + 1) * back**3 + s * back**2
    return u


def _sideways(adverb: str | None, u: Floats) -> Floats:
    """How far off the straight line, in shares of the frame, positive to the right of the way."""
    if adverb == "zigzag":
        return np.asarray(0.115 * (2 / pi) * np.arcsin(np.sin(2 * pi * 2 * u)))
    if adverb == "smoothly":
        return 0.05 * np.sin(pi * u)
    return np.zeros_like(u)


def _repeats(event: Event, duration_s: float, slow: float, normal: float, quick: float) -> int:
    rate = {"slowly": slow, "quickly": quick}.get(event.adverb or "", normal)
    return max(1, round(rate * duration_s))


@dataclass
class _Path:
    """What events add up to for one thing; ``way`` stays where it got to, the rest returns by itself."""

    way: Floats  # [2, T]
    play: Floats  # [2, T]
    angle: Floats
    scale: Floats
    visible: NDArray[np.bool_]


def _apply(path: _Path, scene: Scene, k: int, frames: int) -> None:
    event = scene.events[k]
    first, last = event_frames(scene, k)
    u = np.arange(last - first) / (last - first)
    seconds = (last - first) / scene.fps
    turn = TURNS.get(event.direction or "", 1.0)
    p = flow(event.adverb, u)
    at = slice(first, last)
    match event.action:
        case "moves" | "follows":
            dx, dy = DIRECTIONS[event.direction or "right"]
            length = TRAVEL[len(scene.things)] * (0.75 if event.action == "follows" else 1.0)
            side = _sideways(event.adverb, u)
            path.way[0, at] += length * dx * p - dy * side
            path.way[1, at] += length * dy * p + dx * side
            path.way[:, last:frames] += length * np.array([[dx], [dy]])
            if event.adverb == "carelessly":
                path.angle[at] += 0.6 * np.sin(2 * pi * 2 * u)
        case "circles":
            theta = 2 * pi * p * turn
            path.play[0, at] += ORBIT * np.sin(theta)
            path.play[1, at] += ORBIT * (1 - np.cos(theta))
        case "spins":
            turns = {"slowly": 0.35, "quickly": 1.15}.get(event.adverb or "", 0.7)
            path.angle[at] += 2 * pi * turns * p * turn
            path.angle[last:frames] += 2 * pi * turns * turn
        case "bounces":
            height = {"gently": 0.045, "wildly": 0.17}.get(event.adverb or "", 0.1)
            n = _repeats(event, seconds, 0.6, 1.1, 1.9)
            path.play[1, at] -= height * np.abs(np.sin(pi * n * u))
        case "shakes":
            width = {"gently": 0.025, "wildly": 0.1}.get(event.adverb or "", 0.055)
            n = _repeats(event, seconds, 0.7, 1.3, 2.0)
            path.play[0, at] += width * np.sin(2 * pi * n * u)
        case "grows" | "shrinks":
            ratio = GROWN if event.action == "grows" else SHRUNK
            path.scale[at] *= ratio**p
            path.scale[last:frames] *= ratio
        case "blinks":
            n = _repeats(event, seconds, 0.7, 1.2, 2.0)
            phase = (n * u) % 1
            path.visible[at] &= (phase < 0.3) | (phase >= 0.75)
        case _:
            raise ValueError(f"events[{k}].action: {event.action!r} is unknown")


def tracks(scene: Scene) -> list[Track]:
    """The track of every thing of ``scene``, without the camera's motion.

    The way that a thing goes is centred on its home, so that the reversed way visits the same places.
    """
    frames = scene.frames
    found = []
    for index, thing in enumerate(scene.things):
        path = _Path(
            np.zeros((2, frames)),
            np.zeros((2, frames)),
            np.zeros(frames),
            np.ones(frames),
            np.ones(frames, dtype=bool),
        )
        for k, event in enumerate(scene.events):
            if index in {event.thing, event.other}:
                _apply(path, scene, k, frames)
        middle = (path.way.max(axis=1) + path.way.min(axis=1)) / 2
        centre = np.array(thing.home) - middle
        radius = SIZES[thing.size] * path.scale
        places = np.arange(thing.count) - (thing.count - 1) / 2
        x, y = path.way + path.play + centre[:, None]
        found.append(Track(x, y, radius, path.angle, path.visible, places[:, None] * SPACING * radius))
    return found


def camera(scene: Scene) -> Floats:
    """How far the picture is shifted at each frame: [2, T] in shares of the frame, x right, y down."""
    frames = scene.frames
    shift = np.zeros((2, frames))
    if scene.camera.startswith("pan"):
        # The camera turning left shifts what it sees to the right.
        sign = 1.0 if scene.camera == "pan_left" else -1.0
        shift[0] = sign * PAN * (2 * np.arange(frames) / max(1, frames - 1) - 1)
    elif scene.camera == "shake":
        rng = np.random.default_rng([scene.seed, 7])
        shift = rng.uniform(-SHAKE, SHAKE, (2, frames))
    return shift


def fits(scene: Scene) -> bool:
    """True if everything stays in view and apart, and the scene's relation holds at every frame."""
    paths = tracks(scene)
    for track in paths:
        reach = (1 - OVERHANG) * track.radius
        left, right = track.x + track.offsets.min(axis=0), track.x + track.offsets.max(axis=0)
        if (left - reach).min() < 0 or (right + reach).max() > 1:
            return False
        if (track.y - reach).min() < 0 or (track.y + reach).max() > 1:
            return False
    for i, one in enumerate(paths):
        for other in paths[i + 1 :]:
            gap_x = np.abs(
                (one.x + one.offsets)[:, None, :] - (other.x + other.offsets)[None, :, :]
            )  # [count, count, T]
            far = np.hypot(gap_x, one.y - other.y)
            if (far < 0.9 * (one.radius + other.radius)).any():
                return False
    return _relation_holds(scene, paths) and all(
        _behind(scene, paths, k) for k, e in enumerate(scene.events) if e.action == "follows"
    )


def _relation_holds(scene: Scene, paths: list[Track]) -> bool:
    if scene.relation is None:
        return True
    dx, dy = DIRECTIONS[RELATIONS[scene.relation]]
    one, other = paths[0], paths[1]
    ahead = (other.x - one.x) * dx + (other.y - one.y) * dy
    return bool((ahead > 0.12).all())


def _behind(scene: Scene, paths: list[Track], k: int) -> bool:
    """A follower is behind the followed, seen along the way that both go."""
    event = scene.events[k]
    first, last = event_frames(scene, k)
    dx, dy = DIRECTIONS[event.direction or "right"]
    one, other = paths[event.thing], paths[event.other or 0]
    gap = np.stack([other.x - one.x, other.y - one.y])[:, first:last]
    along, across = gap[0] * dx + gap[1] * dy, gap[0] * -dy + gap[1] * dx
    return bool((along > 0.15).all() and (np.abs(across) < 0.17).all())
