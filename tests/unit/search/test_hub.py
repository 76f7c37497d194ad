"""Streams get what is theirs, in order; a slow one loses its own oldest and is told how many."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

from search.hub import QUEUE_SIZE, Hub, Interest, Subscription
from support.recommending import clip_indexed
from support.searching import NOW, answer, status
from vtr.contracts.events import Event, RecommendationUpdated


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(coroutine, 10))


async def take(subscription: Subscription, count: int) -> list[Event | int]:
    taken: list[Event | int] = []
    async for event in subscription:
        taken.append(event)
        if len(taken) == count:
            break
    return taken


def feed(user_id: str) -> RecommendationUpdated:
    return RecommendationUpdated(user_id=user_id, updated_at=NOW, items=(), model="m", tenant="acme")


def test_a_persons_answers_and_feeds_are_theirs_alone() -> None:
    ann, nobody = Interest("acme", "ann"), Interest("acme")
    assert ann.wants(answer(user_id="ann"))
    assert not ann.wants(answer(user_id="bob"))
    assert not ann.wants(answer())
    assert not nobody.wants(answer())
    assert not nobody.wants(feed("ann"))
    assert ann.wants(feed("ann"))
    assert Interest("acme", query_id="q1").wants(answer(query_id="q1"))
    assert not Interest("acme", query_id="q1").wants(answer(query_id="q2"))


def test_tenants_do_not_see_each_other() -> None:
    for event in (status("v"), clip_indexed("v", [1, 0]), answer(user_id="ann"), feed("ann")):
        assert Interest("acme", "ann").wants(event)
        assert not Interest("other", "ann").wants(event)


def test_events_from_another_thread_arrive_in_order() -> None:
    async def body() -> None:
        hub = Hub()
        with hub.subscribe(Interest("acme")) as subscription:
            events = [status(f"v{i}") for i in range(100)]
            sender = threading.Thread(target=lambda: [hub.publish(event) for event in events])
            sender.start()
            assert await take(subscription, 100) == events
            sender.join()

    run(body())


def test_a_slow_stream_loses_its_oldest_and_is_told() -> None:
    async def body() -> None:
        hub = Hub()
        with hub.subscribe(Interest("acme")) as slow:
            events = [status(f"v{i}") for i in range(QUEUE_SIZE + 3)]
            for event in events:
                hub.publish(event)
            await asyncio.sleep(0)
            taken = await take(slow, QUEUE_SIZE + 1)
            assert taken[0] == 3
            assert taken[1:] == events[3:]

    run(body())


def test_stop_ends_streams_also_those_that_come_later() -> None:
    async def body() -> None:
        hub = Hub()
        with hub.subscribe(Interest("acme")) as early:
            hub.publish(status("v"))
            hub.stop(1)
            assert [event async for event in early] == [status("v")]
            with hub.subscribe(Interest("acme")) as late:
                assert [event async for event in late] == []

    run(body())


def test_after_a_stream_has_left_nothing_is_kept_for_it() -> None:
    async def body() -> None:
        hub = Hub()
        with hub.subscribe(Interest("acme")):
            pass
        hub.publish(status("v"))
        assert not hub._open

    run(body())
