"""Feeds follow the profile, leave out what was seen, spread, explore, and say why."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from recommendation.feed import Candidates, FeedOptions, Profile, build_feed, build_profile
from recommendation.library import VideoRecord, add_clip
from recommendation.ports import Near
from recommendation.taste import Taste, merge
from support.recommending import NOW, clip_indexed, interaction
from vtr.contracts.events import InteractionRecorded
from vtr.contracts.events.people import RecommendedItem

HALF_LIFE_S = 14 * 86_400.0


def library(**directions: list[float]) -> dict[str, VideoRecord]:
    records = {}
    for video_id, direction in directions.items():
        record = add_clip(None, clip_indexed(video_id, direction))
        assert record is not None
        records[video_id] = record
    return records


def history(*interactions: InteractionRecorded) -> dict[str, Taste]:
    tastes: dict[str, Taste] = {}
    for each in interactions:
        tastes[each.video_id] = merge(tastes.get(each.video_id, Taste()), each)
    return tastes


def profile_of(tastes: dict[str, Taste], records: dict[str, VideoRecord]) -> Profile | None:
    return build_profile(tastes, records, now=NOW, half_life_s=HALF_LIFE_S)


def feed(
    tastes: dict[str, Taste],
    records: dict[str, VideoRecord],
    *,
    k: int = 5,
    popular: dict[str, float] | None = None,
    fresh: dict[str, float] | None = None,
    near: list[Near] | None = None,
    **options: Any,
) -> list[RecommendedItem]:
    return build_feed(
        profile=profile_of(tastes, records),
        history=tastes,
        records=records,
        candidates=Candidates(near=near or [], popular=popular or {}, fresh=fresh or {}),
        k=k,
        now=NOW,
        options=FeedOptions(**options),
    )


def ids(items: list[RecommendedItem]) -> list[str]:
    assert [item.rank for item in items] == list(range(1, len(items) + 1))
    return [item.video_id for item in items]


def at(days_ago: float) -> float:
    return (NOW - timedelta(days=days_ago)).timestamp()


def test_the_profile_leans_to_what_is_liked_and_away_from_what_is_not() -> None:
    records = library(good=[1, 0], bad=[0, 1])
    profile = profile_of(history(interaction("good"), interaction("bad", "rating", value=-1.0)), records)
    assert profile is not None
    assert profile.vector[0] > 0.9
    assert profile.vector[1] < 0
    assert dict(profile.liked) == {"good": pytest.approx(1.0)}
    assert np.linalg.norm(profile.vector) == pytest.approx(1.0)


def test_older_likes_weigh_less() -> None:
    records = library(old=[1, 0], new=[0, 1])
    profile = profile_of(history(interaction("old", days_ago=28), interaction("new")), records)
    assert profile is not None
    assert profile.vector[1] / profile.vector[0] == pytest.approx(4.0, rel=1e-3)


def test_no_profile_from_nothing_or_dislikes_or_forgotten_videos() -> None:
    records = library(v=[1, 0])
    assert profile_of({}, records) is None
    assert profile_of(history(interaction("v", "skip")), records) is None
    assert profile_of(history(interaction("deleted")), records) is None


def test_models_are_not_mixed() -> None:
    one = add_clip(None, clip_indexed("one", [1, 0], model="m-1"))
    two = add_clip(None, clip_indexed("two", [0, 1, 0], model="m-2"))
    assert one
    assert two
    profile = profile_of(
        history(interaction("one", days_ago=10), interaction("two")), {"one": one, "two": two}
    )
    assert profile is not None
    assert profile.model == "m-2"
    assert profile.vector.shape == (3,)


def test_a_warm_feed_is_near_first_with_the_video_that_it_follows_from() -> None:
    records = library(bikes=[1, 0], rabbit=[0, 1], race=[0.9, 0.1], hare=[0.1, 0.9])
    tastes = history(interaction("bikes", "watch", watch_s=80.0))
    items = feed(tastes, records, fresh={"race": at(1), "hare": at(1), "bikes": at(1)}, k=1, explore=0)
    assert ids(items) == ["race"]
    assert items[0].reason == "because you watched Title of bikes"
    assert items[0].because_video_id == "bikes"
    assert items[0].clip_id == "race-h1-0"


def test_the_reason_names_the_liked_video_that_is_nearest() -> None:
    records = library(bikes=[1, 0], rabbit=[0, 1], race=[0.9, 0.1], hare=[0.1, 0.9])
    tastes = history(interaction("bikes", "like"), interaction("rabbit", "rating", value=1.0))
    items = feed(tastes, records, fresh={"race": at(1), "hare": at(1)}, explore=0)
    assert {item.video_id: item.reason for item in items} == {
        "race": "because you liked Title of bikes",
        "hare": "because you rated Title of rabbit",
    }


def test_seen_videos_never_come_again_also_skipped_ones() -> None:
    records = library(a=[1, 0], b=[1, 0.1], c=[1, 0.2])
    tastes = history(interaction("a"), interaction("b", "skip"))
    everything = {"a": at(1), "b": at(1), "c": at(1)}
    near = [Near(video_id, f"{video_id}-clip", 3.0, "", 0.9) for video_id in "abc"]
    assert ids(feed(tastes, records, fresh=everything, popular={"a": 9.0, "b": 8.0}, near=near)) == ["c"]


def test_cold_start_takes_what_is_popular_and_new_and_says_which() -> None:
    records = library(hit=[1, 0], novelty=[0, 1], old=[0.5, 0.5])
    items = feed({}, records, popular={"hit": 50.0, "old": 1.0}, fresh={"novelty": at(0), "old": at(300)})
    assert set(ids(items)[:2]) == {"hit", "novelty"}
    assert {item.video_id: item.reason for item in items} == {
        "hit": "popular",
        "novelty": "new",
        "old": "popular",
    }


def test_an_empty_library_gives_an_empty_feed() -> None:
    assert feed({}, {}) == []


def test_diversity_prefers_another_direction_over_a_near_copy() -> None:
    records = library(seen=[1, 0.2], first=[1, 0.1], copy=[1, 0.09], other=[0.55, 0.8])
    tastes = history(interaction("seen"))
    fresh = {"first": at(1), "copy": at(1), "other": at(1)}
    assert set(ids(feed(tastes, records, fresh=fresh, k=2, explore=0, diversity=0.0))) == {"first", "copy"}
    assert "other" in ids(feed(tastes, records, fresh=fresh, k=2, explore=0, diversity=0.7))


def test_a_share_of_the_feed_explores() -> None:
    near = {f"near{i}": [1.0, 0.01 * i] for i in range(8)}
    records = library(seen=[1, 0], far=[0, 1], **near)
    fresh = {**dict.fromkeys(near, at(30)), "far": at(0)}
    items = feed(history(interaction("seen")), records, fresh=fresh, k=5, explore=0.2, diversity=0.0)
    assert ids(items)[-1] == "far"
    assert items[-1].reason == "new"
    assert items[-1].because_video_id is None
    assert len(items) == 5


def test_the_clip_nearest_to_the_profile_is_where_it_starts() -> None:
    records = library(seen=[1, 0], long=[0.9, 0.1])
    items = feed(history(interaction("seen")), records, near=[Near("long", "long-clip-7", 70.0, "", 0.99)])
    assert (items[0].clip_id, items[0].start_s) == ("long-clip-7", 70.0)


def test_a_neighbour_that_the_library_lost_is_still_recommended() -> None:
    records = library(seen=[1, 0])
    items = feed(history(interaction("seen")), records, near=[Near("lost", "lost-3", 30.0, "Lost", 0.8)])
    assert [(i.video_id, i.clip_id, i.title, i.reason) for i in items] == [
        ("lost", "lost-3", "Lost", "near to what you watch")
    ]


def test_same_input_same_feed() -> None:
    records = library(seen=[1, 0], **{f"v{i}": [1.0, 0.1 * i] for i in range(9)})
    fresh = {f"v{i}": at(i) for i in range(9)}
    tastes = history(interaction("seen"))
    backwards = dict(reversed(list(fresh.items())))
    assert feed(tastes, records, fresh=fresh) == feed(tastes, records, fresh=backwards)
