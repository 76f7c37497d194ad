"""Every event type of vtr, one module per family; :data:`EVENTS` maps a topic's name to its event."""

from vtr.contracts.events.base import Event
from vtr.contracts.events.clips import ClipEncoded, ClipExtracted, ClipIndexed
from vtr.contracts.events.people import InteractionRecorded, RecommendationUpdated
from vtr.contracts.events.queries import QueryEncoded, QuerySubmitted
from vtr.contracts.events.results import ResultsRanked
from vtr.contracts.events.videos import VideoDeleted, VideoStatus, VideoSubmitted

EVENTS: dict[str, type[Event]] = {
    event.TYPE: event
    for event in (
        VideoSubmitted,
        VideoDeleted,
        ClipExtracted,
        ClipEncoded,
        ClipIndexed,
        VideoStatus,
        QuerySubmitted,
        QueryEncoded,
        ResultsRanked,
        InteractionRecorded,
        RecommendationUpdated,
    )
}

__all__ = [
    "EVENTS",
    "ClipEncoded",
    "ClipExtracted",
    "ClipIndexed",
    "Event",
    "InteractionRecorded",
    "QueryEncoded",
    "QuerySubmitted",
    "RecommendationUpdated",
    "ResultsRanked",
    "VideoDeleted",
    "VideoStatus",
    "VideoSubmitted",
]
