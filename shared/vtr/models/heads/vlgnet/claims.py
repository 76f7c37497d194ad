"""What a sentence about an event claims, and of which videos it is true.

Only where it is not is a sentence of another video a negative; a search by one that is true of several has
several right answers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vtr.evaluation.corpus.captions import name_thing
from vtr.evaluation.corpus.record import EventRecord, VideoRecord


@dataclass(frozen=True)
class Claim:
    """Who does what, where to and how, as far as an event's captions say it; None: not said."""

    thing: str
    action: str
    direction: str | None
    adverb: str | None
    other: str | None

    def true_of(self, events: Iterable[Claim]) -> bool:
        """Whether one of ``events`` is such an event, perhaps with more said about it."""
        return any(
            (event.thing, event.action) == (self.thing, self.action)
            and self.direction in {None, event.direction}
            and self.adverb in {None, event.adverb}
            and self.other in {None, event.other}
            for event in events
        )


def claim_of(record: VideoRecord, event: EventRecord) -> Claim:
    """What the captions of one event of ``record`` claim."""
    things = record.scene.things
    return Claim(
        thing=name_thing(things[event.thing]),
        action=event.action,
        direction=event.direction,
        adverb=event.adverb,
        other=None if event.other is None else name_thing(things[event.other]),
    )


def claims_of(record: VideoRecord) -> tuple[Claim, ...]:
    """Those of all events, in their order."""
    return tuple(claim_of(record, event) for event in record.events)
