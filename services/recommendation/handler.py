"""The steps: interactions change profiles, clips become recommendable, deleted videos are forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from recommendation.ports import Library, People
from recommendation.recommender import Recommender
from recommendation.taste import counts
from vtr.contracts.events import ClipIndexed, InteractionRecorded, VideoDeleted
from vtr.contracts.step import Emit, Message, Rejected, Unavailable
from vtr.contracts.tombstones import Tombstones

TOMBSTONES_WAIT_S = 10.0


class UpdateProfiles:
    """InteractionRecorded -> RecommendationUpdated, one feed per person and batch."""

    def __init__(self, people: People, recommender: Recommender, *, feed_length: int) -> None:
        self._people = people
        self._recommender = recommender
        self._feed_length = feed_length

    def handle(self, batch: Sequence[Message[InteractionRecorded]]) -> Iterable[Emit]:
        by_person: dict[tuple[str, str], list[Message[InteractionRecorded]]] = {}
        for message in batch:
            if counts(message.event):
                by_person.setdefault((message.event.tenant, message.event.user_id), []).append(message)
        for (tenant, user_id), messages in by_person.items():
            history = self._people.record(tenant, user_id, [message.event for message in messages])
            # Also when a replay changed nothing: the feed may not have gone out before the crash.
            feed = self._recommender.recommend(tenant, user_id, self._feed_length, history)
            yield Emit(feed, cause=messages[-1])

    def rejected(self, _message: Message[InteractionRecorded], _error: Rejected) -> Iterable[Emit]:
        return ()

    def flush(self) -> None:
        """Nothing waits: each transaction is done when it returns."""


class LearnVideos:
    """ClipIndexed -> a video's content vector grows by its clip; recommendable from its first clip on."""

    def __init__(self, library: Library, tombstones: Tombstones) -> None:
        self._library = library
        self._tombstones = tombstones

    def handle(self, batch: Sequence[Message[ClipIndexed]]) -> Iterable[Emit]:
        if not self._tombstones.wait_ready(TOMBSTONES_WAIT_S):
            raise Unavailable("tombstones", "not all read yet")
        by_video: dict[tuple[str, str], list[ClipIndexed]] = {}
        for message in batch:
            video = message.event.video
            if not self._tombstones.covers(video.tenant, video.video_id, video.submitted_at):
                by_video.setdefault((video.tenant, video.video_id), []).append(message.event)
        for (tenant, video_id), clips in by_video.items():
            self._library.learn(tenant, video_id, clips)
        return ()

    def rejected(self, _message: Message[ClipIndexed], _error: Rejected) -> Iterable[Emit]:
        return ()

    def flush(self) -> None:
        """Nothing waits."""


class ForgetVideos:
    """VideoDeleted -> the video vanishes from feeds, and from the profiles of those who watched it."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def handle(self, batch: Sequence[Message[VideoDeleted]]) -> Iterable[Emit]:
        for message in batch:
            event = message.event
            self._library.forget(event.tenant, event.video_id, event.deleted_at)
        return ()

    def rejected(self, _message: Message[VideoDeleted], _error: Rejected) -> Iterable[Emit]:
        return ()

    def flush(self) -> None:
        """Nothing waits."""
