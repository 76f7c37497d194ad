"""Histories and the library on a real Redis: atomic, idempotent, bounded."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import numpy as np
import pytest
import redis

from recommendation.redis_store import RedisLibrary, RedisPeople
from support.engines import free_ports
from support.recommending import NOW, clip_indexed, interaction
from vtr.cache import keys
from vtr.cache.client import connect
from vtr.contracts.step import Unavailable
from vtr.runtime.settings import RedisSettings

pytestmark = pytest.mark.redis


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    made = connect(RedisSettings(url=redis_url))
    made.flushdb()
    yield made
    made.close()


@pytest.fixture
def people(client: redis.Redis) -> RedisPeople:
    return RedisPeople(client, max_videos=5, ttl_s=1000)


@pytest.fixture
def library(client: redis.Redis) -> RedisLibrary:
    return RedisLibrary(client, max_listed=3)


def test_histories_round_trip_and_belong_to_one_person_and_tenant(people: RedisPeople) -> None:
    after = people.record("acme", "ann", [interaction("v", "watch", watch_s=7.5), interaction("v", "click")])
    assert people.history("acme", "ann") == after
    assert after["v"].signals["watch"].value == 7.5
    assert people.history("acme", "bob") == {}
    assert people.history("other", "ann") == {}


def test_a_replay_changes_neither_history_nor_popularity(people: RedisPeople, library: RedisLibrary) -> None:
    events = [interaction("v"), interaction("v", "rating", value=1.0), interaction("w", "skip")]
    first = people.record("acme", "ann", events)
    popular = library.popular("acme", 10, NOW)
    assert people.record("acme", "ann", events) == first
    assert people.record("acme", "ann", list(reversed(events))) == first
    assert library.popular("acme", 10, NOW) == popular
    assert popular == {"v": pytest.approx(1.0)}


def test_popularity_counts_people_and_ages(people: RedisPeople, library: RedisLibrary) -> None:
    people.record("acme", "ann", [interaction("old", days_ago=14)])
    people.record("acme", "bob", [interaction("old", days_ago=14)])
    people.record("acme", "ann", [interaction("new")])
    assert library.popular("acme", 10, NOW) == {
        "new": pytest.approx(1.0),
        "old": pytest.approx(2 * 0.25),
    }
    assert list(library.popular("acme", 1, NOW)) == ["new"]


def test_writers_at_once_lose_nothing(people: RedisPeople) -> None:
    kinds = ["click", "like", "skip"]
    with ThreadPoolExecutor(8) as pool:
        for video_id in ("a", "b", "c"):
            for kind in kinds:
                pool.submit(people.record, "acme", "ann", [interaction(video_id, kind)])
    found = people.history("acme", "ann")
    assert {video_id: set(taste.signals) for video_id, taste in found.items()} == {
        video_id: set(kinds) for video_id in "abc"
    }


def test_the_least_recent_videos_are_forgotten(people: RedisPeople, client: redis.Redis) -> None:
    people.record("acme", "ann", [interaction(f"v{age}", days_ago=age) for age in range(8)])
    assert set(people.history("acme", "ann")) == {"v0", "v1", "v2", "v3", "v4"}
    people.record("acme", "ann", [interaction("late", days_ago=100)])
    assert "late" not in people.history("acme", "ann")
    assert 0 < client.ttl(keys.history("acme", "ann")) <= 1000


def test_clips_of_one_video_learned_at_once_are_all_in_it(library: RedisLibrary) -> None:
    clips = [clip_indexed("v", [1, 0], ordinal=ordinal) for ordinal in range(12)]
    with ThreadPoolExecutor(6) as pool:
        for clip in clips + clips:
            pool.submit(library.learn, "acme", "v", [clip])
    record = library.records("acme", ["v", "unknown"])["v"]
    assert np.frombuffer(record.total, dtype="<f4").tolist() == [12.0, 0.0]
    assert record.title == "Title of v"
    assert record.submitted_at == NOW - timedelta(days=1)


def test_fresh_lists_the_newest_and_no_more_than_its_bound(library: RedisLibrary) -> None:
    for age in range(5):
        library.learn("acme", f"v{age}", [clip_indexed(f"v{age}", [1, 0], days_ago=age)])
    assert list(library.fresh("acme", 10)) == ["v0", "v1", "v2"]
    assert library.fresh("acme", 1) == {"v0": NOW.timestamp()}


def test_forgetting_leaves_no_trace_but_spares_a_newer_submission(
    library: RedisLibrary, people: RedisPeople, client: redis.Redis
) -> None:
    library.learn("acme", "v", [clip_indexed("v", [1, 0], days_ago=1)])
    people.record("acme", "ann", [interaction("v")])
    library.forget("acme", "v", NOW - timedelta(days=2))
    assert "v" in library.records("acme", ["v"])
    library.forget("acme", "v", NOW)
    assert library.records("acme", ["v"]) == {}
    assert library.fresh("acme", 10) == {}
    assert library.popular("acme", 10, NOW) == {}
    assert client.exists(keys.video("acme", "v")) == 0


def test_without_redis_it_is_unavailable_not_empty() -> None:
    client = connect(RedisSettings(url=f"redis://127.0.0.1:{free_ports(1)[0]}/0", timeout_s=0.2))
    people = RedisPeople(client, max_videos=5, ttl_s=10)
    library = RedisLibrary(client, max_listed=3)
    for ask in (
        lambda: people.history("acme", "ann"),
        lambda: people.record("acme", "ann", [interaction("v")]),
        lambda: library.records("acme", ["v"]),
        lambda: library.fresh("acme", 3),
        lambda: library.learn("acme", "v", [clip_indexed("v", [1, 0])]),
    ):
        with pytest.raises(Unavailable, match="redis"):
            ask()
