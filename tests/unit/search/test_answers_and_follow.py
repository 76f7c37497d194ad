"""Answers reach who waits for them; what is heard is noted where it is needed."""

from __future__ import annotations

from search.answers import Answers
from search.catalogue import Catalogue, KnownVideo
from search.follow import Follower
from search.hub import Hub
from search.statuses import StatusTable
from support.recommending import clip_indexed
from support.searching import NOW, answer, hit, message, status
from vtr.contracts.events import VideoDeleted, VideoSubmitted


def test_everyone_who_waits_gets_the_answer() -> None:
    answers = Answers(10)
    one, two, other = answers.expect("q1"), answers.expect("q1"), answers.expect("q2")
    answers.deliver(answer(query_id="q1"))
    assert one.result(0) == two.result(0) == answer(query_id="q1")
    assert not other.done()


def test_who_gave_up_is_forgotten_and_the_answer_is_still_remembered() -> None:
    answers = Answers(10)
    answers.expect("q1").cancel()
    assert not answers._waiting
    answers.deliver(answer(query_id="q1"))
    assert answers.get("q1") == answer(query_id="q1")


def test_the_oldest_answers_are_forgotten() -> None:
    answers = Answers(2)
    for number in range(3):
        answers.deliver(answer(query_id=f"q{number}"))
    assert answers.get("q0") is None
    assert answers.get("q2") is not None


def test_the_newest_submission_tells_where_a_video_lies_and_a_hit_fills_gaps_only() -> None:
    statuses, catalogue, answers = StatusTable(), Catalogue(10), Answers(10)
    follower = Follower(statuses, catalogue, answers, Hub())
    follower.on_message(message(answer(hit("v"))))
    assert catalogue.get("acme", "v") == KnownVideo("https://example.org/v.mp4", "Title of v")
    submitted = VideoSubmitted(
        video_id="v", uri="s3://bucket/v.mp4", title="Newer", submitted_at=NOW, tenant="acme"
    )
    follower.on_message(message(submitted))
    follower.on_message(message(answer(hit("v"))))
    follower.on_message(message(clip_indexed("v", [1, 0], days_ago=9)))
    known = catalogue.get("acme", "v")
    assert known is not None
    assert known.uri == "s3://bucket/v.mp4"
    assert catalogue.get("other", "v") is None


def test_statuses_and_deletions_land_in_the_table() -> None:
    statuses = StatusTable()
    follower = Follower(statuses, Catalogue(10), Answers(10), Hub())
    follower.on_message(message(status("v", "searchable")))
    follower.on_message(message(VideoDeleted(video_id="v", deleted_at=NOW, tenant="acme")))
    found = statuses.get("acme", "v")
    assert found is not None
    assert found.stage == "deleted"


def test_the_catalogue_is_bounded() -> None:
    catalogue = Catalogue(2)
    for video_id in "abc":
        catalogue.note("acme", video_id, KnownVideo("https://x/", ""))
    assert catalogue.get("acme", "a") is None
    assert catalogue.get("acme", "c") is not None
