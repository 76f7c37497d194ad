"""The steps against ports that hold everything in memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from recommendation.feed import FeedOptions
from recommendation.handler import ForgetVideos, LearnVideos, UpdateProfiles
from recommendation.library import Vector, VideoRecord, add_clip
from recommendation.ports import Near
from recommendation.recommender import Recommender
from recommendation.taste import Taste, merge
from support.recommending import NOW, clip_indexed, interaction, message
from vtr.contracts.events import ClipIndexed, InteractionRecorded, RecommendationUpdated, VideoDeleted
from vtr.contracts.step import Unavailable


class Memory:
    """People, library, neighbours and tombstones of one tenant."""

    def __init__(self) -> None:
        self.tastes: dict[str, dict[str, Taste]] = {}
        self.videos: dict[str, VideoRecord] = {}
        self.deleted: set[str] = set()
        self.store_up = True

    def history(self, tenant: str, user_id: str) -> dict[str, Taste]:
        return dict(self.tastes.get(user_id, {}))

    def record(
        self, tenant: str, user_id: str, interactions: Sequence[InteractionRecorded]
    ) -> dict[str, Taste]:
        mine = self.tastes.setdefault(user_id, {})
        for each in interactions:
            mine[each.video_id] = merge(mine.get(each.video_id, Taste()), each)
        return dict(mine)

    def learn(self, tenant: str, video_id: str, clips: Sequence[ClipIndexed]) -> None:
        record = self.videos.get(video_id)
        for clip in clips:
            record = add_clip(record, clip)
        if record is not None:
            self.videos[video_id] = record

    def forget(self, tenant: str, video_id: str, submitted_until: datetime) -> None:
        self.videos.pop(video_id, None)

    def records(self, tenant: str, video_ids: Collection[str]) -> dict[str, VideoRecord]:
        return {video_id: self.videos[video_id] for video_id in video_ids if video_id in self.videos}

    def fresh(self, tenant: str, limit: int) -> dict[str, float]:
        return {video_id: record.submitted_at.timestamp() for video_id, record in self.videos.items()}

    def popular(self, tenant: str, limit: int, now: datetime) -> dict[str, float]:
        return {}

    def near(
        self, tenant: str, vector: Vector, model: str, *, exclude: Collection[str], limit: int
    ) -> list[Near]:
        if not self.store_up:
            raise Unavailable("milvus", "connection refused")
        found = []
        for video_id, record in self.videos.items():
            if video_id not in exclude and record.vector is not None:
                cosine = float(record.vector @ vector)
                found.append(Near(video_id, record.start_clip_id, 0.0, record.title, cosine))
        return sorted(found, key=lambda near: -near.cosine)[:limit]

    def covers(self, tenant: str, video_id: str, submitted_at: datetime) -> bool:
        return video_id in self.deleted

    def wait_ready(self, timeout_s: float) -> bool:
        return True


def world() -> tuple[Memory, UpdateProfiles, LearnVideos, ForgetVideos, Recommender]:
    memory = Memory()
    recommender = Recommender(memory, memory, memory, FeedOptions(explore=0.0), clock=lambda: NOW)
    update = UpdateProfiles(memory, recommender, feed_length=3)
    return memory, update, LearnVideos(memory, memory), ForgetVideos(memory), recommender


def feeds(update: UpdateProfiles, *events: InteractionRecorded) -> list[RecommendationUpdated]:
    found = [emit.event for emit in update.handle([message(event) for event in events])]
    assert all(isinstance(event, RecommendationUpdated) for event in found)
    return found  # type: ignore[return-value]


def test_a_new_video_is_recommendable_at_once_to_who_likes_its_kind() -> None:
    _memory, update, learn, _forget, recommender = world()
    learn.handle([message(clip_indexed("bikes", [1, 0])), message(clip_indexed("rabbit", [0, 1]))])
    (feed,) = feeds(update, interaction("bikes"))
    assert [item.video_id for item in feed.items] == ["rabbit"]
    learn.handle([message(clip_indexed("race", [0.9, 0.1]))])
    again = recommender.recommend("acme", "ann", 3)
    assert [item.video_id for item in again.items] == ["race", "rabbit"]
    assert again.model == "m-1"
    assert again.interactions == 1


def test_one_feed_per_person_and_batch_in_the_order_of_first_sight() -> None:
    _memory, update, learn, _forget, _recommender = world()
    learn.handle([message(clip_indexed("a", [1, 0])), message(clip_indexed("b", [0, 1]))])
    updates = feeds(
        update, interaction("a"), interaction("b", user_id="bob"), interaction("a", "watch", watch_s=9.0)
    )
    assert [update.user_id for update in updates] == ["ann", "bob"]
    assert updates[0].interactions == 2


def test_impressions_change_no_profile_and_bring_no_feed() -> None:
    memory, update, _learn, _forget, _recommender = world()
    assert feeds(update, interaction("a", "impression")) == []
    assert memory.tastes == {}


def test_a_replay_gives_the_same_feed_again() -> None:
    _memory, update, learn, _forget, _recommender = world()
    learn.handle([message(clip_indexed("a", [1, 0])), message(clip_indexed("b", [0.5, 1]))])
    events = [interaction("a"), interaction("a", "watch", watch_s=50.0)]
    assert feeds(update, *events) == feeds(update, *events)


def test_an_interaction_before_its_video_counts_once_the_video_is_known() -> None:
    _memory, update, learn, _forget, recommender = world()
    (early,) = feeds(update, interaction("bikes"))
    assert early.items == ()
    assert early.model == "none"
    learn.handle([message(clip_indexed("bikes", [1, 0])), message(clip_indexed("race", [0.9, 0.1]))])
    late = recommender.recommend("acme", "ann", 3)
    assert late.items[0].because_video_id == "bikes"


def test_deleted_videos_leave_feeds_and_profiles_and_do_not_come_back() -> None:
    memory, update, learn, forget, recommender = world()
    learn.handle([message(clip_indexed("bikes", [1, 0])), message(clip_indexed("race", [0.9, 0.1]))])
    feeds(update, interaction("bikes"))
    for video_id in ("bikes", "race"):
        memory.deleted.add(video_id)
        forget.handle([message(VideoDeleted(video_id=video_id, deleted_at=NOW, tenant="acme"))])
    learn.handle([message(clip_indexed("race", [0.9, 0.1]))])
    after = recommender.recommend("acme", "ann", 3)
    assert after.items == ()
    assert after.model == "none"


def test_without_the_vector_store_the_feed_still_follows_the_profile() -> None:
    memory, update, learn, _forget, _recommender = world()
    learn.handle(
        [
            message(clip_indexed("bikes", [1, 0])),
            message(clip_indexed("rabbit", [0, 1])),
            message(clip_indexed("race", [0.9, 0.1])),
        ]
    )
    memory.store_up = False
    (feed,) = feeds(update, interaction("bikes"))
    assert [item.video_id for item in feed.items] == ["race", "rabbit"]
