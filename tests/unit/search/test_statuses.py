"""The table keeps the furthest stage of the newest submission, and deletions stand."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

from search.statuses import StatusTable
from support.searching import NOW, status
from vtr.contracts.events import VideoDeleted, VideoStatus


def deleted(video_id: str, minutes: int = 0) -> VideoDeleted:
    return VideoDeleted(video_id=video_id, deleted_at=NOW + timedelta(minutes=minutes), tenant="acme")


def stage_of(table: StatusTable, video_id: str) -> str | None:
    found = table.get("acme", video_id)
    return found.stage if found else None


def test_statuses_of_several_services_may_come_in_any_order() -> None:
    events = [status("v", stage) for stage in ("received", "decoded", "encoded", "searchable")]
    for order in permutations(events):
        table = StatusTable()
        for event in order:
            table.apply(event)
        assert stage_of(table, "v") == "searchable"


def test_a_new_submission_starts_over() -> None:
    table = StatusTable()
    table.apply(status("v", "failed"))
    assert table.apply(status("v", "received", submitted_at=NOW + timedelta(minutes=1))) is not None
    assert stage_of(table, "v") == "received"
    assert table.apply(status("v", "searchable")) is None, "late news of the old one"


def test_what_is_nothing_new_is_not_told_again() -> None:
    table = StatusTable()
    assert table.apply(status("v", "decoded")) is not None
    assert table.apply(status("v", "decoded")) is None
    assert table.apply(status("v", "received")) is None


def test_a_deletion_stands_before_and_after_the_status() -> None:
    table = StatusTable()
    table.apply(status("v", "searchable"))
    told = table.delete(deleted("v"))
    assert told is not None
    assert told.stage == "deleted"
    assert table.delete(deleted("v")) is None
    first = StatusTable()
    assert first.delete(deleted("w")) is None
    late = first.apply(status("w", "failed"))
    assert late is not None
    assert (late.stage, late.failure) == ("deleted", None)


def test_a_video_submitted_after_its_deletion_lives() -> None:
    table = StatusTable()
    table.delete(deleted("v"))
    table.apply(status("v", "received", submitted_at=NOW + timedelta(seconds=1)))
    assert stage_of(table, "v") == "received"


def test_newest_first_by_tenant_and_stage_with_counts() -> None:
    table = StatusTable()
    for minute, (video_id, stage) in enumerate([("a", "searchable"), ("b", "failed"), ("c", "searchable")]):
        table.apply(status(video_id, stage, submitted_at=NOW + timedelta(minutes=minute)))
    table.apply(status("x", "searchable", tenant="other"))

    def ids(found: list[VideoStatus]) -> list[str]:
        return [one.video_id for one in found]

    assert ids(table.newest("acme", limit=10)) == ["c", "b", "a"]
    assert ids(table.newest("acme", limit=1)) == ["c"]
    assert ids(table.newest("acme", limit=10, stage="failed")) == ["b"]
    assert table.counts("acme") == {"searchable": 2, "failed": 1}
