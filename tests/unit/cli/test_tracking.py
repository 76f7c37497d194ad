from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from vtr.cli.tracking import Progress, Tracker, percentiles
from vtr.contracts.events import VideoStatus, VideoSubmitted
from vtr.contracts.events.videos import Failure, Stage

T0 = datetime(2026, 1, 1, tzinfo=UTC)


def video(video_id: str = "v", at: datetime = T0) -> VideoSubmitted:
    return VideoSubmitted(video_id=video_id, uri=f"file:///{video_id}.mp4", submitted_at=at)


def status(stage: Stage, video_id: str = "v", at: datetime = T0, **more: Any) -> VideoStatus:
    more.setdefault("updated_at", at + timedelta(seconds=1))
    if stage == "failed":
        more.setdefault("failure", Failure(code="no-video", message="holds no video", service="video_ingest"))
    return VideoStatus(video_id=video_id, stage=stage, submitted_at=at, **more)


def tracker_of(*events: VideoSubmitted) -> Tracker:
    tracker = Tracker("default")
    for event in events:
        tracker.expect(event)
    tracker.seal()
    return tracker


def test_a_video_is_followed_to_searchable() -> None:
    tracker = tracker_of(video())
    for stage in ("received", "decoded", "encoded"):
        tracker.see(status(stage))
        assert not tracker.wait(0)
    tracker.see(status("searchable", upload_to_searchable_s=2.5, clips_searchable=3, notes=("cut short",)))
    assert tracker.wait(0)
    (progress,) = tracker.videos()
    assert (progress.outcome, progress.upload_to_searchable_s, progress.clips) == ("searchable", 2.5, 3)
    assert progress.notes == ("cut short",)


def test_a_failure_ends_it_with_the_reason() -> None:
    tracker = tracker_of(video())
    tracker.see(status("failed"))
    assert tracker.wait(0)
    assert tracker.videos()[0].reason == "holds no video (no-video, video_ingest)"


def test_it_does_not_end_while_more_is_to_come() -> None:
    tracker = Tracker("default")
    tracker.expect(video())
    tracker.see(status("searchable"))
    assert not tracker.wait(0)
    tracker.seal()
    assert tracker.wait(0)


def test_statuses_of_others_are_not_ours() -> None:
    tracker = tracker_of(video())
    tracker.see(status("searchable", "other"))
    tracker.see(status("searchable", tenant="acme"))
    tracker.see(status("searchable", at=T0 - timedelta(seconds=1)))
    tracker.see(status("deleted", at=T0 - timedelta(days=1), updated_at=T0 + timedelta(days=1)))
    assert tracker.videos()[0].outcome == "waiting"


def test_a_later_submission_or_a_deletion_ends_the_wait() -> None:
    tracker = tracker_of(video("a"), video("b"))
    tracker.see(status("received", "a", at=T0 + timedelta(seconds=5)))
    tracker.see(status("deleted", "b"))
    assert tracker.wait(0)
    assert [progress.outcome for progress in tracker.videos()] == ["replaced", "deleted"]


def test_each_step_is_told_once() -> None:
    told: list[str | None] = []
    tracker = Tracker("default", lambda progress: told.append(progress.stage))
    tracker.expect(video())
    for stage in ("received", "received", "encoded", "decoded", "searchable", "searchable"):
        tracker.see(status(stage))
    assert told == ["received", "encoded", "searchable"]


@given(st.permutations(["received", "decoded", "encoded", "searchable"]))
def test_the_order_of_the_statuses_does_not_matter(stages: list[Stage]) -> None:
    """Several services write to the topic, and a consumer may hear them in any order."""
    tracker = tracker_of(video())
    for stage in stages:
        tracker.see(status(stage))
    assert tracker.wait(0)
    assert tracker.videos()[0].stage == "searchable"


def test_percentiles_are_times_that_were_measured() -> None:
    assert percentiles([]) is None
    assert percentiles([3.0]) == {"p50": 3.0, "p95": 3.0, "max": 3.0}
    assert percentiles([float(n) for n in range(1, 101)]) == {"p50": 50.5, "p95": 95.0, "max": 100.0}


def test_progress_starts_out_waiting() -> None:
    assert Progress("v", "t", "file:///v", T0).outcome == "waiting"
