from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from indexer.watermark import PartitionView, VideoProgress, advance, bound, least
from vtr.contracts.events import VideoStatus
from vtr.contracts.events.videos import Failure, Stage

T0 = datetime(2026, 1, 1, tzinfo=UTC)
NO_MARGIN = timedelta(0)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def status(stage: Stage) -> VideoStatus:
    failure = Failure(code="x", message="x", service="x") if stage == "failed" else None
    return VideoStatus(video_id="v", stage=stage, submitted_at=T0, updated_at=T0, failure=failure)


def walk(*steps: tuple[Stage, int]) -> VideoProgress:
    progress = VideoProgress()
    for stage, ms in steps:
        progress = progress.after(status(stage), ms)
    return progress


def test_a_submission_is_pending_from_received_to_any_end() -> None:
    assert walk(("received", 5), ("decoded", 5)).pending == {5}
    for end in ("searchable", "failed", "deleted"):
        assert walk(("received", 5), ("encoded", 5), (end, 5)) == VideoProgress(frozenset(), 5)


def test_statuses_out_of_order_do_not_reopen_what_is_finished() -> None:
    assert walk(("received", 5), ("searchable", 5), ("encoded", 5)).pending == frozenset()
    assert walk(("searchable", 5), ("received", 5)).pending == frozenset()


def test_two_submissions_of_one_video_are_told_apart() -> None:
    both = walk(("received", 5), ("received", 9))
    assert both.pending == {5, 9}
    assert both.after(status("searchable"), 5).pending == {9}
    # The later one being searchable means that the earlier one is superseded.
    assert both.after(status("searchable"), 9).pending == frozenset()
    # A tombstone ends what was submitted until then, not what came later.
    assert both.after(status("deleted"), 7).pending == {9}


def test_what_bounds_a_partition() -> None:
    now = at(100)
    assert bound(PartitionView(None, None, unread=False), now, NO_MARGIN) == now
    assert bound(PartitionView(None, at(50), unread=False), now, NO_MARGIN) == now
    assert bound(PartitionView(None, at(50), unread=True), now, NO_MARGIN) == at(50)
    assert bound(PartitionView(at(20), at(50), unread=True), now, NO_MARGIN) == at(20)
    assert bound(PartitionView(at(20), at(50), unread=False), now, NO_MARGIN) == at(20)
    assert bound(PartitionView(None, None, unread=True), now, NO_MARGIN) is None
    assert bound(PartitionView(None, None, unread=False), now, timedelta(seconds=3)) == at(97)


views = st.builds(
    PartitionView,
    st.none() | st.integers(0, 100).map(at),
    st.none() | st.integers(0, 100).map(at),
    st.booleans(),
)


@given(st.lists(st.dictionaries(st.integers(0, 3), views), max_size=6), st.integers(0, 5))
def test_the_watermark_never_moves_back(history: list[dict[int, PartitionView]], margin: int) -> None:
    before: dict[int, datetime] = {}
    for step, seen in enumerate(history):
        after = advance(seen, before, at(step), timedelta(seconds=margin))
        for partition, time in after.items():
            assert time >= before.get(partition, time)
        before |= after


def test_the_whole_is_the_least_of_its_parts_once_all_are_known() -> None:
    assert least({0: at(5), 1: at(3)}, 2) == at(3)
    assert least({0: at(5)}, 2) is None
