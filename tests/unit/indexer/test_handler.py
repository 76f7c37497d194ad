from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from indexer.handler import DeleteVideos, IndexClips
from indexer.recent import RecentWrites
from support.clips import SUBMITTED, clip_encoded, message, unit_vectors
from support.memory_store import MemoryStore
from vtr.contracts.events import ClipIndexed, VideoDeleted, VideoStatus
from vtr.contracts.step import Emit, Rejected, Unavailable

NOW = SUBMITTED + timedelta(seconds=7)


class Tombstones:
    def __init__(self) -> None:
        self.deleted: dict[tuple[str, str], datetime] = {}
        self.caught_up = True
        self.on_covers: list[Any] = []

    def ready(self) -> bool:
        return self.caught_up

    def covers(self, tenant: str, video_id: str, submitted_at: datetime) -> bool:
        deleted_at = self.deleted.get((tenant, video_id))
        if self.on_covers:
            self.on_covers.pop(0)()
        return deleted_at is not None and submitted_at <= deleted_at


class NoWatermarks:
    def of_partition(self, partition: int) -> datetime | None:
        return None


class World:
    def __init__(self) -> None:
        self.store = MemoryStore()
        self.tombstones = Tombstones()
        self.time = 0.0
        self.recent = RecentWrites(self.tombstones, self.store, window_s=60.0, clock=lambda: self.time)
        self.step = IndexClips(self.store, self.tombstones, self.recent, NoWatermarks(), now=lambda: NOW)

    def index(self, *clips: Any) -> list[Any]:
        return events(self.step.handle([message(clip) for clip in clips]))

    def ids(self, modality: str = "visual", model: str = "random_16_v1") -> set[str]:
        return set(self.store.rows.get(f"clips_{model}_{modality}", {}))


def events(emits: Iterable[Emit]) -> list[Any]:
    return [emit.event for emit in emits]


def statuses(found: list[Any]) -> list[tuple[str, int | None]]:
    return [(e.stage, e.clips_searchable) for e in found if isinstance(e, VideoStatus)]


@pytest.fixture
def world() -> World:
    return World()


def test_each_clip_is_announced_and_the_last_completes_the_video(world: World) -> None:
    assert statuses(world.index(clip_encoded(0), clip_encoded(1))) == []
    found = world.index(clip_encoded(2, clip_count=3))
    indexed = [e for e in found if isinstance(e, ClipIndexed)]
    assert [(e.ordinal, e.video_complete, e.clip_count) for e in indexed] == [(2, True, 3)]
    assert statuses(found) == [("searchable", 3)]
    assert found[-1].upload_to_searchable_s == 7.0
    assert len(world.ids()) == 3
    live = world.store.live("visual")
    assert live is not None
    assert live.model == "random-16-v1"


def test_a_video_completes_whatever_the_order_and_grouping(world: World) -> None:
    assert statuses(world.index(clip_encoded(2, clip_count=3))) == []
    assert statuses(world.index(clip_encoded(0))) == []
    assert statuses(world.index(clip_encoded(1))) == [("searchable", 3)]


def test_the_same_clips_again_change_nothing(world: World) -> None:
    clips = [clip_encoded(0), clip_encoded(1, clip_count=2)]
    first = world.index(*clips)
    rows = dict(world.store.rows["clips_random_16_v1_visual"])
    again = world.index(*clips)
    assert statuses(first) == statuses(again) == [("searchable", 2)]
    assert world.store.rows["clips_random_16_v1_visual"].keys() == rows.keys()


def test_modalities_go_to_collections_of_their_own(world: World) -> None:
    both = {"visual": unit_vectors(1, 16)[0], "speech": unit_vectors(1, 8)[0]}
    found = world.index(clip_encoded(0, vectors=both), clip_encoded(1, clip_count=2))
    assert statuses(found) == [("searchable", 2)]
    assert (len(world.ids("visual")), len(world.ids("speech"))) == (2, 1)


def test_vectors_are_stored_with_norm_one(world: World) -> None:
    world.index(clip_encoded(0, vectors={"visual": np.full(16, 3.0, np.float32)}))
    _, vector = next(iter(world.store.rows["clips_random_16_v1_visual"].values()))
    assert np.linalg.norm(vector) == pytest.approx(1.0)


def test_a_new_version_replaces_the_old_only_when_it_is_whole(world: World) -> None:
    world.index(*[clip_encoded(i, clip_count=3 if i == 2 else None) for i in range(3)])
    later = {"content_hash": "hash-2", "submitted_at": SUBMITTED + timedelta(hours=1)}
    old = world.ids()
    # Its first shot has other times, so both versions are there for a while.
    world.index(clip_encoded(7, **later))
    assert old < world.ids()
    found = world.index(clip_encoded(0, **later))
    assert statuses(found) == []
    fresh = [clip_encoded(ordinal, clip_count=2 if ordinal == 1 else None, **later) for ordinal in (0, 1)]
    assert statuses(world.index(*fresh)) == [("searchable", 2)]
    assert {r.content_hash for r, _ in world.store.rows["clips_random_16_v1_visual"].values()} == {"hash-2"}


def test_clips_of_a_superseded_version_come_too_late(world: World) -> None:
    later = {"content_hash": "hash-2", "submitted_at": SUBMITTED + timedelta(hours=1)}
    world.index(clip_encoded(0, clip_count=1, **later))
    assert world.index(clip_encoded(0, clip_count=1)) == []
    assert [r.content_hash for r, _ in world.store.rows["clips_random_16_v1_visual"].values()] == ["hash-2"]


def test_a_model_that_is_not_live_fills_its_own_collection_in_silence(world: World) -> None:
    world.index(clip_encoded(0, clip_count=1))
    found = world.index(clip_encoded(0, clip_count=1, model="random-16-v2"))
    assert [(e.collection, e.video_complete) for e in found] == [("clips_random_16_v2_visual", True)]
    assert statuses(found) == []
    live = world.store.live("visual")
    assert live is not None
    assert live.model == "random-16-v1"
    assert len(world.ids(model="random_16_v1")) == len(world.ids(model="random_16_v2")) == 1


def test_clips_of_a_deleted_video_are_dropped_and_later_submissions_are_not(world: World) -> None:
    world.tombstones.deleted["default", "v1"] = SUBMITTED + timedelta(minutes=1)
    assert world.index(clip_encoded(0, clip_count=1)) == []
    assert world.ids() == set()
    again = clip_encoded(0, clip_count=1, submitted_at=SUBMITTED + timedelta(hours=1))
    assert statuses(world.index(again)) == [("searchable", 1)]


def test_a_deletion_during_the_write_wins(world: World) -> None:
    def delete() -> None:
        world.tombstones.deleted["default", "v1"] = SUBMITTED

    world.tombstones.on_covers.append(delete)  # right after the first look
    assert world.index(clip_encoded(0, clip_count=1)) == []
    assert world.ids() == set()


def test_a_deletion_that_was_overtaken_is_swept_up(world: World) -> None:
    world.index(clip_encoded(0, clip_count=1), clip_encoded(0, clip_count=1, video_id="v2"))
    world.tombstones.deleted["default", "v1"] = SUBMITTED
    assert world.recent.sweep() == 1
    assert {row.video_id for row, _ in world.store.rows["clips_random_16_v1_visual"].values()} == {"v2"}
    world.time = 61.0
    world.tombstones.deleted["default", "v2"] = SUBMITTED
    assert world.recent.sweep() == 0, "older than the window: the ordinary deletion has long happened"


def test_nothing_is_written_before_all_tombstones_are_known(world: World) -> None:
    world.tombstones.caught_up = False
    with pytest.raises(Unavailable, match="tombstones"):
        world.index(clip_encoded(0))


@pytest.mark.parametrize(
    ("vectors", "reason"),
    [
        ({"visual": np.zeros(16, np.float32)}, "norm 0"),
        ({"visual": np.ones(8, np.float32)}, "8 elements"),
    ],
)
def test_vectors_that_cannot_be_indexed_are_rejected(world: World, vectors: Any, reason: str) -> None:
    world.index(clip_encoded(0))
    bad = message(clip_encoded(1, vectors=vectors))
    with pytest.raises(Rejected, match=reason) as caught:
        list(world.step.handle([bad]))
    (status,) = events(world.step.rejected(bad, caught.value))
    assert (status.stage, status.video_id) == ("failed", "v1")
    assert reason in status.failure.message


def test_one_bad_clip_writes_nothing_of_its_batch(world: World) -> None:
    """The loop repeats a rejected batch one by one, so that the others are written then."""
    bad = clip_encoded(1, vectors={"visual": np.zeros(16, np.float32)})
    with pytest.raises(Rejected):
        world.index(clip_encoded(0), bad)
    assert world.ids() == set()


def test_deleting_removes_every_model_and_says_so(world: World) -> None:
    world.index(clip_encoded(0, clip_count=1))
    world.index(clip_encoded(0, clip_count=1, model="random-16-v2"))
    deleted_at = SUBMITTED + timedelta(minutes=1)
    step = DeleteVideos(world.store, now=lambda: NOW)
    (status,) = events(step.handle([message(VideoDeleted(video_id="v1", deleted_at=deleted_at))]))
    assert (status.stage, status.submitted_at) == ("deleted", deleted_at)
    assert world.ids() == world.ids(model="random_16_v2") == set()


SOUND = {"audio": "sounds-8-v1"}


def heard(ordinal: int, **fields: Any) -> Any:
    vectors = {"visual": unit_vectors(1, 16, seed=ordinal)[0], "audio": unit_vectors(1, 8, seed=ordinal)[0]}
    return clip_encoded(ordinal, vectors=vectors, models=SOUND, **fields)


def test_sound_lies_in_the_collection_of_its_own_model(world: World) -> None:
    found = world.index(heard(0), heard(1, clip_count=2))
    assert statuses(found) == [("searchable", 2)]
    assert len(world.ids()) == 2
    assert world.ids("audio", "sounds_8_v1") == world.ids()
    live = world.store.live("audio")
    assert live is not None
    assert (live.model, live.dim) == ("sounds-8-v1", 8)


def test_sound_alone_makes_no_version_whole(world: World) -> None:
    """A re-index under another model writes sounds of every clip first: its own clips must still come."""
    world.index(heard(0), heard(1, clip_count=2))
    found = world.index(heard(1, clip_count=2, model="random-16-v2"))
    assert not [e for e in found if isinstance(e, ClipIndexed) and e.video_complete]


def test_the_sounds_of_an_older_version_go_when_the_newer_is_whole(world: World) -> None:
    world.index(heard(0), heard(1, clip_count=2))
    later = {"submitted_at": SUBMITTED + timedelta(hours=1), "content_hash": "hash-2"}
    world.index(clip_encoded(0, clip_count=1, **later))
    assert world.ids("audio", "sounds_8_v1") == set()
    assert len(world.ids()) == 1
