"""Counterfactual edits: the same scene with exactly one factor changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import msgspec

from vtr.evaluation.corpus.factors import (
    ACTION_ADVERBS,
    ANTONYMS,
    BACKGROUNDS,
    COLOURS,
    MIRRORED_RELATION,
    OPPOSITE,
    PATTERNS,
    SHAPES,
    SIZES,
    SOUNDS,
    TIMES_OF_DAY,
    WORDS,
    directions_of,
)
from vtr.evaluation.corpus.scene import Scene, SceneError, check


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """One change. ``before`` and ``after`` are the factor's values; ``thing``, ``event`` say where it
    applies.

    For ``order``, ``event`` and ``event2`` are the two places of the timeline that swapped what happens.
    """

    factor: str
    before: str
    after: str
    thing: int | None = None
    event: int | None = None
    event2: int | None = None

    def inverse(self) -> Edit:
        """The edit that leads back."""
        return msgspec.structs.replace(self, before=self.after, after=self.before)


Edited = tuple[Scene, Edit]


def _other(rng: Random, values: Sequence[str], than: str) -> str:
    return rng.choice([value for value in values if value != than])


def _with_thing(scene: Scene, index: int, **changes: object) -> Scene:
    things = list(scene.things)
    things[index] = msgspec.structs.replace(things[index], **changes)
    return msgspec.structs.replace(scene, things=tuple(things))


def _with_event(scene: Scene, index: int, **changes: object) -> Scene:
    events = list(scene.events)
    events[index] = msgspec.structs.replace(events[index], **changes)
    return msgspec.structs.replace(scene, events=tuple(events))


def _order(scene: Scene, rng: Random) -> Edited | None:
    if len(scene.events) < 2:
        return None
    i, j = sorted(rng.sample(range(len(scene.events)), 2))
    events = list(scene.events)
    events[i], events[j] = events[j], events[i]
    edit = Edit(factor="order", before=f"{i},{j}", after=f"{j},{i}", event=i, event2=j)
    return msgspec.structs.replace(scene, events=tuple(events)), edit


def _direction(scene: Scene, rng: Random) -> Edited | None:
    # A follower's direction is that of the relation, which would change with it.
    places = [k for k, e in enumerate(scene.events) if directions_of(e.action)]
    if not places:
        return None
    k = rng.choice(places)
    before = scene.events[k].direction or ""
    after = OPPOSITE[before]
    return _with_event(scene, k, direction=after), Edit(
        factor="direction", before=before, after=after, event=k, thing=scene.events[k].thing
    )


def _adverb(scene: Scene, rng: Random) -> Edited | None:
    places = [k for k, e in enumerate(scene.events) if e.adverb]
    if not places:
        return None
    k = rng.choice(places)
    before = scene.events[k].adverb or ""
    after = ANTONYMS[before]
    return _with_event(scene, k, adverb=after), Edit(
        factor="adverb", before=before, after=after, event=k, thing=scene.events[k].thing
    )


def _action(scene: Scene, rng: Random) -> Edited | None:
    """Another action in the same manner, among those that need no direction, so that nothing else changes."""
    plain = [a for a in ACTION_ADVERBS if a != "follows" and not directions_of(a)]
    places = [k for k, e in enumerate(scene.events) if e.action in plain]
    if not places:
        return None
    k = rng.choice(places)
    event = scene.events[k]
    fitting = [
        a for a in plain if a != event.action and (event.adverb is None or event.adverb in ACTION_ADVERBS[a])
    ]
    if not fitting:
        return None
    after = rng.choice(fitting)
    return _with_event(scene, k, action=after), Edit(
        factor="action", before=event.action, after=after, event=k, thing=event.thing
    )


def _look(field: str, values: Sequence[str]) -> Callable[[Scene, Random], Edited | None]:
    def edit(scene: Scene, rng: Random) -> Edited | None:
        index = rng.randrange(len(scene.things))
        before = getattr(scene.things[index], field)
        after = _other(rng, values, before)
        return _with_thing(scene, index, **{field: after}), Edit(
            factor=field, before=before, after=after, thing=index
        )

    return edit


def _count(scene: Scene, rng: Random) -> Edited | None:
    index = rng.randrange(len(scene.things))
    before = scene.things[index].count
    after = rng.choice([count for count in (1, 2, 3) if count != before])
    return _with_thing(scene, index, count=after), Edit(
        factor="count", before=str(before), after=str(after), thing=index
    )


def _relation(scene: Scene, rng: Random) -> Edited | None:
    """The first two things trade places."""
    del rng
    if scene.relation is None or any(e.action == "follows" for e in scene.events):
        return None
    after = MIRRORED_RELATION[scene.relation]
    one, other = scene.things[:2]
    scene = _with_thing(scene, 0, home=other.home)
    scene = _with_thing(scene, 1, home=one.home)
    edit = Edit(factor="relation", before=scene.relation or "", after=after, thing=0)
    return msgspec.structs.replace(scene, relation=after), edit


def _setting(factor: str, field: str, values: Sequence[str]) -> Callable[[Scene, Random], Edited | None]:
    def edit(scene: Scene, rng: Random) -> Edited | None:
        before = getattr(scene, field)
        if before is None:
            return None
        after = _other(rng, values, before)
        return msgspec.structs.replace(scene, **{field: after}), Edit(
            factor=factor, before=before, after=after
        )

    return edit


_EDITS: dict[str, Callable[[Scene, Random], Edited | None]] = {
    "order": _order,
    "direction": _direction,
    "adverb": _adverb,
    "action": _action,
    "colour": _look("colour", list(COLOURS)),
    "shape": _look("shape", SHAPES),
    "size": _look("size", list(SIZES)),
    "pattern": _look("pattern", PATTERNS),
    "count": _count,
    "relation": _relation,
    "scene": _setting("scene", "background", BACKGROUNDS),
    "time": _setting("time", "time_of_day", TIMES_OF_DAY),
    "sound": _setting("sound", "sound", SOUNDS),
    "word": _setting("word", "word", WORDS),
}

FACTORS = tuple(_EDITS)
"""Every factor that :func:`edit` can change."""


def edit(scene: Scene, factor: str, seed: str) -> Edited | None:
    """``scene`` with ``factor`` changed, the same for the same ``seed``; None where it has no such factor.

    Raises KeyError for a factor that is not in :data:`FACTORS`.
    """
    found = _EDITS[factor](scene, Random(f"{seed}/{factor}"))
    if found is None:
        return None
    try:
        check(found[0])
    except SceneError:
        return None
    return found
