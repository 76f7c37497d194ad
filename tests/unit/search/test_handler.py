"""What people are shown is recorded once, however often the answer comes."""

from __future__ import annotations

from search.handler import RecordImpressions
from support.searching import NOW, answer, hit, message
from vtr.contracts.events import InteractionRecorded, ResultsRanked


def impressions(*answers: ResultsRanked) -> list[InteractionRecorded]:
    found = [emit.event for emit in RecordImpressions().handle([message(each) for each in answers])]
    assert all(isinstance(event, InteractionRecorded) for event in found)
    return found  # type: ignore[return-value]


def test_each_video_shown_to_a_person_with_its_position() -> None:
    found = impressions(answer(hit("a", 1), hit("b", 2), user_id="ann"))
    assert [(i.video_id, i.position, i.kind, i.user_id) for i in found] == [
        ("a", 1, "impression", "ann"),
        ("b", 2, "impression", "ann"),
    ]
    assert {(i.query_id, i.tenant, i.occurred_at) for i in found} == {("q1", "acme", NOW)}
    assert found[0].clip_id == "a-clip"


def test_a_replay_gives_the_same_ids() -> None:
    shown = answer(hit("a", 1), hit("b", 2), user_id="ann")
    assert impressions(shown) == impressions(shown)
    other = answer(hit("a", 1), query_id="q2", user_id="ann")
    assert impressions(other)[0].interaction_id != impressions(shown)[0].interaction_id


def test_a_video_with_several_clips_among_the_hits_counts_once_at_its_best_place() -> None:
    found = impressions(answer(hit("a", 1), hit("a", 2, clip_id="other"), user_id="ann"))
    assert [(i.video_id, i.position) for i in found] == [("a", 1)]


def test_nobody_in_particular_leaves_no_trace() -> None:
    assert impressions(answer(hit("a"))) == []
