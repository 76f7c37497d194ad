from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from support.media import scenes
from video_ingest.segment import SceneDetectSegmenter


def found(cuts: list[float], detector: Literal["adaptive", "content"], seconds: float = 12.0) -> list[float]:
    segmenter = SceneDetectSegmenter(detector)
    paint = scenes(cuts)
    result: list[float] = []
    for number in range(int(seconds * 4)):
        result += segmenter.push(number / 4, paint(number / 4))
    return result


@pytest.mark.parametrize("detector", ["adaptive", "content"])
def test_a_change_of_scene_is_found_at_its_first_frame(detector: Literal["adaptive", "content"]) -> None:
    assert found([3.0, 7.5], detector) == [3.0, 7.5]


@pytest.mark.parametrize("detector", ["adaptive", "content"])
def test_a_scene_without_change_has_no_cut(detector: Literal["adaptive", "content"]) -> None:
    assert found([], detector) == []


def test_a_cut_is_reported_within_the_lag() -> None:
    segmenter = SceneDetectSegmenter("adaptive")
    paint = scenes([3.0])
    reported = next(n for n in range(40) if segmenter.push(n / 4, paint(n / 4)))
    assert reported - 12 <= segmenter.lag_frames


@pytest.mark.parametrize("start", [4, 5, 6])
def test_after_the_warm_up_the_past_does_not_matter(start: int) -> None:
    paint = scenes([3.0, 7.5])
    late = SceneDetectSegmenter("adaptive")
    from_s = start + late.warmup_frames / 4
    cuts = [cut for n in range(start * 4, 48) for cut in late.push(n / 4, paint(n / 4))]
    assert [cut for cut in cuts if cut >= from_s] == [cut for cut in (3.0, 7.5) if cut >= from_s]


def test_a_stream_may_change_its_size() -> None:
    segmenter = SceneDetectSegmenter()
    for number in range(12):
        shape = (48, 64, 3) if number < 6 else (100, 30, 3)
        segmenter.push(number / 4, np.full(shape, 90, dtype=np.uint8))


def test_a_picture_of_one_pixel_is_a_picture() -> None:
    assert SceneDetectSegmenter().push(0.0, np.zeros((1, 1, 3), dtype=np.uint8)) == []
