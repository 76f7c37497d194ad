"""Takes each event that the tails bring to whoever in this process needs it."""

from __future__ import annotations

from search.answers import Answers
from search.catalogue import Catalogue, KnownVideo
from search.hub import Hub
from search.statuses import StatusTable
from vtr.contracts.events import (
    ClipIndexed,
    Event,
    RecommendationUpdated,
    ResultsRanked,
    VideoDeleted,
    VideoStatus,
    VideoSubmitted,
)
from vtr.contracts.step import Message

STATUS_EVENTS: tuple[type[Event], ...] = (VideoStatus, VideoDeleted)
"""Read from the start of their (compacted) topics."""
CATALOGUE_EVENTS: tuple[type[Event], ...] = (VideoSubmitted,)
"""Read from the start of what is retained."""
LIVE_EVENTS: tuple[type[Event], ...] = (ClipIndexed, ResultsRanked, RecommendationUpdated)
"""Read from now on."""


class Follower:
    """Callbacks for the tails; each is called in its tail's thread."""

    def __init__(self, statuses: StatusTable, catalogue: Catalogue, answers: Answers, hub: Hub) -> None:
        self._statuses = statuses
        self._catalogue = catalogue
        self._answers = answers
        self._hub = hub

    def on_message(self, message: Message[Event]) -> None:
        event = message.event
        if isinstance(event, VideoStatus):
            self._tell(self._statuses.apply(event))
        elif isinstance(event, VideoDeleted):
            self._tell(self._statuses.delete(event))
        elif isinstance(event, VideoSubmitted):
            video = KnownVideo(event.uri, event.title, event.submitted_at)
            self._catalogue.note(event.tenant, event.video_id, video)
        elif isinstance(event, ClipIndexed):
            meta = event.video
            video = KnownVideo(meta.uri, meta.title, meta.submitted_at)
            self._catalogue.note(meta.tenant, meta.video_id, video)
            self._hub.publish(event)
        elif isinstance(event, ResultsRanked):
            self.note_hits(event)
            self._answers.deliver(event)
            self._hub.publish(event)
        else:
            self._hub.publish(event)

    def note_hits(self, answer: ResultsRanked) -> None:
        """Whatever is shown can be played, also after a restart."""
        for hit in answer.hits:
            self._catalogue.note(answer.tenant, hit.video_id, KnownVideo(hit.uri, hit.title))

    def _tell(self, status: VideoStatus | None) -> None:
        if status is not None:
            self._hub.publish(status)
