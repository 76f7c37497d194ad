"""Draws scenes at random, under the constraints of their split."""

from __future__ import annotations

from random import Random

import msgspec

from vtr.evaluation.corpus import splits
from vtr.evaluation.corpus.edits import Edit, edit
from vtr.evaluation.corpus.factors import (
    ACTION_ADVERBS,
    BACKGROUNDS,
    CAMERAS,
    COLOURS,
    PATTERNS,
    RELATIONS,
    SHAPES,
    SOUNDS,
    TIMES_OF_DAY,
    WORDS,
    directions_of,
)
from vtr.evaluation.corpus.motion import fits
from vtr.evaluation.corpus.scene import Event, Scene, SceneError, Thing, check

_ATTEMPTS = 5000
_ROUND = ("circle", "ring")


class SceneOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What scenes may be like. ``max_events`` up to 6; ``fps`` frames a second."""

    max_events: int = 4
    fps: int = 10

    def __post_init__(self) -> None:
        if not 1 <= self.max_events <= 6:
            raise ValueError(f"max_events: {self.max_events} is not in 1..6")
        if not 8 <= self.fps <= 30:
            raise ValueError(f"fps: {self.fps} is not in 8..30")


def _homes(rng: Random, count: int, relation: str | None) -> list[tuple[float, float]]:
    def near(x: float, y: float, spread: float = 0.03) -> tuple[float, float]:
        return round(x + rng.uniform(-spread, spread), 3), round(y + rng.uniform(-spread, spread), 3)

    if count == 1 or relation is None:
        return [near(0.5, 0.5, 0.07)]
    lane = 0.5 if count == 2 else 0.3
    low, high = 0.27, 0.73
    places = {
        "left_of": [(low, lane), (high, lane)],
        "right_of": [(high, lane), (low, lane)],
        "above": [(lane, low), (lane, high)],
        "below": [(lane, high), (lane, low)],
    }[relation]
    homes = [near(*place) for place in places]
    if count == 3:
        homes.append(near(0.5, 0.76) if relation in {"left_of", "right_of"} else near(0.76, 0.5))
    return homes


def _event(rng: Random, things: int, relation: str | None) -> Event:
    actions = [*ACTION_ADVERBS, "moves", "moves"]  # as there are more ways to move than to do the rest
    if relation is None:
        actions.remove("follows")
    action = rng.choice(actions)
    adverb = rng.choice(ACTION_ADVERBS[action]) if rng.random() < 0.85 else None
    if action == "follows" and relation is not None:
        return Event(thing=0, action=action, direction=RELATIONS[relation], adverb=adverb, other=1)
    ways = directions_of(action)
    return Event(
        thing=rng.randrange(things),
        action=action,
        direction=rng.choice(ways) if ways else None,
        adverb=adverb,
    )


def _draw(rng: Random, options: SceneOptions, seed: int) -> Scene:
    most = options.max_events
    number = rng.choices(range(1, 7), weights=[1, 4, 3, 3, 3, 3])[0]
    number = min(number, most) if number <= most else rng.randint(min(2, most), most)
    things = rng.choices((1, 2, 3), weights=(4, 5, 1))[0]
    relation = rng.choice(list(RELATIONS)) if things > 1 else None
    homes = _homes(rng, things, relation)
    events = tuple(_event(rng, things, relation) for _ in range(number))
    spun = {e.thing for e in events if e.action == "spins"}
    drawn = []
    for index in range(things):
        shapes = [s for s in SHAPES if s not in _ROUND] if index in spun else SHAPES
        drawn.append(
            Thing(
                shape=rng.choice(shapes),
                colour=rng.choice(list(COLOURS)),
                pattern=rng.choice(PATTERNS),
                size="small" if things == 3 else rng.choice(("small", "large")),
                count=rng.choices((1, 2, 3), weights=(7, 2, 1))[0],
                home=homes[index],
            )
        )
    second = options.fps
    slot = round(rng.uniform(2.0, 2.6) * second) if number <= 4 else round(rng.uniform(1.75, 1.85) * second)
    lead, tail = (round(rng.uniform(0.3, 0.5) * second) for _ in range(2))
    if number == 1:
        lead, tail = lead + second // 2, tail + second // 2
    return Scene(
        things=tuple(drawn),
        events=events,
        relation=relation,
        background=rng.choice(BACKGROUNDS),
        time_of_day=rng.choice(TIMES_OF_DAY),
        camera=rng.choice(CAMERAS),
        sound=rng.choice(SOUNDS) if rng.random() < 0.7 else None,
        word=rng.choice(WORDS) if rng.random() < 0.6 else None,
        fps=options.fps,
        lead_frames=lead,
        slot_frames=slot,
        tail_frames=tail,
        seed=seed,
    )


def _hold_out(scene: Scene, rng: Random, heldout: splits.Heldout) -> Scene:
    """``scene`` with a held-out composition put into it."""
    if rng.random() < 0.5:
        shape, colour = rng.choice(heldout.looks)
        index = rng.randrange(len(scene.things))
        things = list(scene.things)
        things[index] = msgspec.structs.replace(things[index], shape=shape, colour=colour)
        return msgspec.structs.replace(scene, things=tuple(things))
    action, adverb = rng.choice(heldout.manners)
    k = rng.randrange(len(scene.events))
    ways = directions_of(action)
    events = list(scene.events)
    events[k] = Event(
        thing=events[k].thing, action=action, adverb=adverb, direction=rng.choice(ways) if ways else None
    )
    return msgspec.structs.replace(scene, events=tuple(events))


def _visible(scene: Scene) -> bool:
    """False where an event could hardly be seen: a round thing that spins."""
    return not any(e.action == "spins" and scene.things[e.thing].shape in _ROUND for e in scene.events)


def _sound(scene: Scene) -> bool:
    try:
        check(scene)
    except SceneError:
        return False
    return _visible(scene) and fits(scene)


def allowed(scene: Scene, split: str, heldout: splits.Heldout) -> bool:
    """True if a scene may be shown or spoken of in ``split``: held-out compositions in the held-out split
    only, and in every scene of it."""
    return heldout.found_in(scene) == (split == splits.HELDOUT)


def sample_group(
    group: splits.Group, seed: int, options: SceneOptions, heldout: splits.Heldout
) -> tuple[Scene, dict[str, tuple[Scene, Edit]]]:
    """The base scene of ``group`` and its edits by factor, all of them showable and allowed in the split.

    Raises RuntimeError where no such scene is found, with the group and the factors named.
    """
    name = f"{seed}/{group.id}"
    rng = Random(name)
    pixels = rng.getrandbits(32)
    for _ in range(_ATTEMPTS):
        scene = _draw(rng, options, pixels)
        if group.split == splits.HELDOUT:
            scene = _hold_out(scene, rng, heldout)
        if not allowed(scene, group.split, heldout):
            continue
        edits: dict[str, tuple[Scene, Edit]] = {}
        for factor in group.factors:
            found = edit(scene, factor, name)
            if found is None or not allowed(found[0], group.split, heldout):
                break
            edits[factor] = found
        # The costly check last: most draws fail one of the cheap ones.
        if len(edits) == len(group.factors) and all(map(_sound, [scene, *(e[0] for e in edits.values())])):
            return scene, edits
    raise RuntimeError(f"{group.id}: no scene in {_ATTEMPTS} draws allows the edits {group.factors}")
