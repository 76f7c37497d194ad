"""Several members: partitions move while work runs; nothing is lost, and repeats have a cause."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence

import pytest
from kafka.admin import MemberToRemove

from support.consuming import TOPIC, Bench, RecordingStep, submitted, wait_until
from vtr.contracts.events import VideoSubmitted
from vtr.contracts.step import Message
from vtr.kafka.admin import admin_client
from vtr.kafka.delivery import Partition

pytestmark = pytest.mark.kafka

Batch = Sequence[Message[VideoSubmitted]]


def test_members_share_take_over_and_repeat_nothing_that_drained(at: Bench) -> None:
    total = 600
    pace = threading.Semaphore(0)
    steps = [RecordingStep(lambda batch: pace.acquire() and None) for _ in range(2)]

    def handled() -> int:
        return sum(len(step.ids) for step in steps)

    at.publish(submitted(f"v{n}") for n in range(total))
    first = at.loop(steps[0], workers=2)
    wait_until(lambda: len(first.assignment()) == 6, "the first member has all partitions")
    pace.release(100)
    wait_until(lambda: handled() >= 100, "work is under way")

    second = at.loop(steps[1], workers=2)
    # Work goes on while partitions move, so that there is something to drain.
    ticking = threading.Event()

    def tick() -> None:
        while not ticking.wait(0.02):
            pace.release()

    ticker = threading.Thread(target=tick)
    ticker.start()
    try:
        wait_until(
            lambda: len(first.assignment()) == 3 and len(second.assignment()) == 3, "the members share"
        )
        wait_until(lambda: len(steps[1].ids) >= 20, "the second works")
        second.stop(30.0)
        assert handled() < total
        pace.release(10_000)
        wait_until(lambda: len(first.assignment()) == 6, "the first took over")
        wait_until(lambda: handled() >= total, "all handled")
    finally:
        ticking.set()
        ticker.join()
        pace.release(10_000)
    wait_until(lambda: at.lag() == 0, "all committed")
    seen = Counter(place for step in steps for place in step.places)
    expected = {
        (number, offset)
        for (topic, number), end in at.committed().items()
        for offset in range(at.began[topic, number], end)
    }
    assert set(seen) == expected
    assert len(expected) == total
    assert {place: count for place, count in seen.items() if count > 1} == {}


def test_a_revoke_in_mid_batch_commits_exactly_what_was_completed(at: Bench) -> None:
    entered, gate = threading.Event(), threading.Event()

    def work(batch: Batch) -> None:
        if any(message.event.title == "block" for message in batch):
            entered.set()
            gate.wait()

    step = RecordingStep(work)
    # Two records of one key done, the third blocks beyond the drain, and more behind it.
    # The first member is the last to give up the lowest partitions.
    video = at.video_in(5)
    at.publish(submitted(video, title=title) for title in ("a", "b", "block", "c", "d"))
    first = at.loop(step, drain_timeout_s=0.5, commit_interval_ms=3_600_000)
    wait_until(entered.is_set, "the third record runs")
    (where,) = {message.origin.partition for message in step.seen if message.origin is not None}
    place = (TOPIC, where)

    # Members join until the blocked partition is someone else's.
    others = [RecordingStep() for _ in range(5)]
    loops = []
    for other in others:
        loops.append(at.loop(other))
        wait_until(
            lambda: (
                sum(len(loop.assignment()) for loop in [first, *loops]) == 6
                and all(loop.assignment() for loop in loops)
            ),
            "the group settled",
        )
        if Partition(*place) not in first.assignment():
            break
    assert Partition(*place) not in first.assignment()
    wait_until(lambda: sum(len(other.ids) for other in others) == 3, "the new owner does the rest")
    repeated = [m.event.title for other in others for m in other.seen]
    assert repeated == ["block", "c", "d"]
    gate.set()
    wait_until(lambda: at.lag() == 0, "all committed")
    # The late completion of the old owner neither committed nor was it lost.
    assert [m.event.title for m in step.seen][:2] == ["a", "b"]


def test_a_drain_longer_than_the_session_keeps_the_member_in_its_group(at: Bench) -> None:
    session_ms = 6000
    entered, gate = threading.Semaphore(0), threading.Event()

    def work(batch: Batch) -> None:
        entered.release()
        gate.wait()

    step = RecordingStep(work)
    # One in each partition, so that whichever moves has work to drain.
    at.publish(submitted(at.video_in(partition)) for partition in range(6))
    first = at.loop(step, workers=6, session_timeout_ms=session_ms, drain_timeout_s=60.0)
    for _ in range(6):
        assert entered.acquire(timeout=60)
    second = at.loop(RecordingStep(), session_timeout_ms=session_ms)
    wait_until(lambda: bool(first._pipeline._draining), "partitions are being drained")
    kept = {
        partition: first._pipeline.generation(partition)
        for partition in first.assignment() - first._pipeline._draining
    }
    running_for_longer = threading.Timer(1.5 * session_ms / 1000, gate.set)
    running_for_longer.start()
    wait_until(lambda: len(second.assignment()) == 3, "the second member got its share")
    assert gate.is_set()
    assert {partition: first._pipeline.generation(partition) for partition in kept} == kept
    wait_until(lambda: at.lag() == 0, "all committed")
    assert Counter(step.places).most_common(1)[0][1] == 1


def test_a_member_that_fell_out_drops_its_work_and_comes_back(at: Bench) -> None:
    entered, gate = threading.Event(), threading.Event()

    def work(batch: Batch) -> None:
        if not gate.is_set():
            entered.set()
            gate.wait()

    step = RecordingStep(work)
    at.publish([submitted("v")])
    loop = at.loop(step)
    wait_until(entered.is_set, "it runs")
    generations = {p: loop._pipeline.generation(p) for p in loop.assignment()}

    # The broker removes the member, as it does after a session timeout.
    with admin_client(at.kafka) as client:
        members = client.describe_groups([at.group])[at.group]["members"]
        client.remove_group_members(at.group, [MemberToRemove(member_id=m["member_id"]) for m in members])

    def rejoined() -> bool:
        now = {p: loop._pipeline.generation(p) for p in loop.assignment()}
        return len(now) == 6 and all(now[p] != generations[p] for p in now)

    wait_until(rejoined, "it lost its partitions and has them anew")
    gate.set()
    wait_until(lambda: at.lag() == 0, "committed under the new assignment")
    assert step.ids.count("v") == 2
