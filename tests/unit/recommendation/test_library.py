"""A video's vector is the mean of its clips, each once, of its newest version."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from recommendation.library import VideoRecord, add_clip
from support.recommending import NOW, clip_indexed
from vtr.contracts.events import ClipIndexed


def learn(*clips: ClipIndexed) -> VideoRecord:
    record: VideoRecord | None = None
    for clip in clips:
        record = add_clip(record, clip)
    assert record is not None
    return record


def direction(record: VideoRecord) -> list[float]:
    assert record.vector is not None
    return [round(float(value), 3) for value in record.vector]


def test_the_mean_direction_of_clips_whatever_their_length() -> None:
    record = learn(clip_indexed("v", [3, 0], ordinal=0), clip_indexed("v", [0, 1], ordinal=1))
    assert direction(record) == [0.707, 0.707]


def test_a_clip_that_comes_again_changes_nothing() -> None:
    one, two = clip_indexed("v", [1, 0], ordinal=0), clip_indexed("v", [0, 1], ordinal=9)
    assert learn(one, two, one, two, one) == learn(one, two)


def test_clips_in_any_order_start_at_the_first() -> None:
    record = learn(clip_indexed("v", [0, 1], ordinal=2), clip_indexed("v", [1, 0], ordinal=1))
    assert (record.start_clip_id, record.start_s) == ("v-h1-1", 10.0)


def test_a_newer_version_replaces_and_an_older_one_is_ignored() -> None:
    old = clip_indexed("v", [1, 0], days_ago=5, content_hash="h1")
    new = clip_indexed("v", [0, 1], days_ago=1, content_hash="h2")
    assert direction(learn(old, new)) == [0, 1]
    assert direction(learn(new, old)) == [0, 1]


def test_a_newer_model_replaces_and_late_clips_of_the_older_do_not_mix_in() -> None:
    old = clip_indexed("v", [1, 0], model="m-1", indexed_at=NOW - timedelta(hours=1))
    new = clip_indexed("v", [0, 1, 0], model="m-2", indexed_at=NOW)
    record = learn(
        old, new, clip_indexed("v", [1, 0], ordinal=1, model="m-1", indexed_at=NOW - timedelta(hours=1))
    )
    assert record.model == "m-2"
    assert direction(record) == [0, 1, 0]


def test_speech_stands_in_for_a_missing_picture() -> None:
    assert direction(learn(clip_indexed("v", [0, 2], modality="speech"))) == [0, 1]


def test_a_clip_without_a_usable_vector_is_passed_over() -> None:
    zero = clip_indexed("v", [0, 0])
    assert add_clip(None, zero) is None
    known = learn(clip_indexed("v", [1, 0], ordinal=1))
    assert add_clip(known, zero) is known


def test_opposite_clips_have_no_direction() -> None:
    assert learn(clip_indexed("v", [1, 0], ordinal=0), clip_indexed("v", [-1, 0], ordinal=1)).vector is None


def test_many_ordinals_are_kept_apart() -> None:
    clips = [clip_indexed("v", [1, 0], ordinal=i) for i in (0, 7, 8, 63, 1000)]
    total = np.frombuffer(learn(*clips, *clips).total, dtype="<f4")
    assert total.tolist() == [5.0, 0.0]
