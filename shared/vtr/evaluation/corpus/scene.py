"""What happens in a video: things, events on a timeline, surroundings, sounds. No pixels here."""

from __future__ import annotations

import msgspec

from vtr.evaluation.corpus.factors import ACTION_ADVERBS

_PACE_SPAN = {"quickly": 0.4, "slowly": 1.0, None: 0.65}
_REPEATING = frozenset({"bounces", "shakes", "blinks", "spins"})
_MANNER_SPAN = 0.85
_REPEATING_SPAN = 0.9


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """One or more equal objects that act together.

    ``home`` is the middle of the way that it goes, in shares of the frame (x right, y down).
    """

    shape: str
    colour: str
    pattern: str
    size: str
    count: int
    home: tuple[float, float]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A thing does something: ``thing`` and ``other`` (which it follows) are indices into the things."""

    thing: int
    action: str
    direction: str | None = None
    adverb: str | None = None
    other: int | None = None


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a video shows and sounds like. Two scenes that differ in one field are a minimal pair.

    Events take place one after another, event k inside slot k of the timeline. ``relation`` is that of thing
    0 to thing 1 and holds during the whole video. ``seed`` draws the texture, the noise, the camera's shake.
    """

    things: tuple[Thing, ...]
    events: tuple[Event, ...]
    relation: str | None
    background: str
    time_of_day: str
    camera: str
    sound: str | None
    word: str | None
    fps: int
    lead_frames: int
    slot_frames: int
    tail_frames: int
    seed: int

    @property
    def frames(self) -> int:
        """Length of the video in frames."""
        return self.lead_frames + self.slot_frames * len(self.events) + self.tail_frames

    @property
    def duration_s(self) -> float:
        """Length of the video in seconds."""
        return self.frames / self.fps


def event_frames(scene: Scene, index: int) -> tuple[int, int]:
    """Frames [first, last) in which event ``index`` happens: quick ones leave the rest of their slot idle."""
    event = scene.events[index]
    if event.action in _REPEATING:
        share = _REPEATING_SPAN
    elif event.adverb in _PACE_SPAN:
        share = _PACE_SPAN[event.adverb]
    else:
        share = _MANNER_SPAN
    usable = scene.slot_frames - 2
    start = scene.lead_frames + index * scene.slot_frames
    return start, start + max(3, round(usable * share))


def event_times(scene: Scene, index: int) -> tuple[float, float]:
    """Seconds [start, end) in which event ``index`` happens, on the grid of frames."""
    first, last = event_frames(scene, index)
    return round(first / scene.fps, 3), round(last / scene.fps, 3)


class SceneError(ValueError):
    """A scene contradicts itself; the message names the field and the reason."""


def check(scene: Scene) -> None:
    """Raise :class:`SceneError` for a scene that nobody could show."""
    for k, event in enumerate(scene.events):
        if not 0 <= event.thing < len(scene.things):
            raise SceneError(f"events[{k}].thing: {event.thing} is none of {len(scene.things)} things")
        if event.adverb is not None and event.adverb not in ACTION_ADVERBS[event.action]:
            raise SceneError(f"events[{k}].adverb: nothing {event.action} {event.adverb}")
        if (event.action == "follows") != (event.other is not None):
            raise SceneError(f"events[{k}].other: is set for 'follows', and for nothing else")
    said = [(e.thing, e.action, e.direction) for e in scene.events]
    if len(set(said)) != len(said):
        raise SceneError("events: the same thing does the same twice, so that a moment would be ambiguous")
    looks = [(t.shape, t.colour) for t in scene.things]
    if len(set(looks)) != len(looks):
        raise SceneError(
            "things: two have the same shape and colour, so that words could not tell them apart"
        )
    if (scene.relation is None) != (len(scene.things) == 1):
        raise SceneError("relation: is set exactly when there is more than one thing")
