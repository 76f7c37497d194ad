from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranking.frame_store import FrameStore
from ranking.frames import localise, window
from support.clips import clip_row, unit_vectors


def test_the_window_is_the_run_around_the_peak() -> None:
    times = (1.0, 2.0, 3.0, 4.0, 5.0)
    assert window([0.1, 0.8, 0.9, 0.85, 0.2], times, (0.0, 6.0), 0.8) == (1.5, 4.5)
    assert window([0.9, 0.1, 0.1, 0.1, 0.9], times, (0.0, 6.0), 0.8) == (0.0, 1.5)
    assert window([0.9, 0.9, 0.9, 0.9, 0.9], times, (0.0, 6.0), 0.8) == (0.0, 6.0)
    assert window([-0.3, -0.2, -0.3], times[:3], (0.0, 4.0), 0.8) == (1.5, 2.5)
    assert window([0.5], (2.0,), (0.0, 4.0), 0.8) == (0.0, 4.0)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=12), st.floats(0.1, 1.0))
def test_a_window_lies_in_the_clip_and_holds_its_best_frame(cosines: list[float], fraction: float) -> None:
    times = [float(i) + 0.5 for i in range(len(cosines))]
    start, end = window(cosines, times, (0.0, float(len(cosines))), fraction)
    assert 0.0 <= start <= times[int(np.argmax(cosines))] <= end <= len(cosines)
    inside = [c for c, t in zip(cosines, times, strict=True) if start <= t <= end]
    assert max(inside) == max(cosines)
    if max(cosines) > 0:
        assert min(inside) >= max(cosines) * fraction


def test_the_best_frame_has_its_time_in_the_video() -> None:
    row = clip_row(2)
    frames = unit_vectors(3, 8)
    found = localise(row, frames, frames[1], 0.99)
    assert (found.frame.index, found.frame.time_s) == (1, row.frame_times_s[1])
    assert found.frame.score == pytest.approx(1.0, abs=1e-6)
    assert row.t0_s <= found.moment.start_s < found.moment.end_s <= row.t1_s
    with pytest.raises(ValueError, match="shape"):
        localise(row, frames[:2], frames[1], 0.9)


class Objects:
    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.gets: list[str] = []

    def get(self, uri: str) -> bytes:
        self.gets.append(uri)
        return self.files[uri]


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def test_frame_vectors_are_kept_up_to_a_size_the_least_recently_used_go() -> None:
    arrays = {name: unit_vectors(4, 8, seed=i).astype(np.float16) for i, name in enumerate("abc")}
    objects = Objects({name: npy(array) for name, array in arrays.items()})
    store = FrameStore(objects, max_bytes=2 * 4 * 8 * 4)
    for name in "abacab":
        np.testing.assert_allclose(store.load(name), arrays[name], atol=1e-3)
    assert objects.gets == ["a", "b", "c", "b"]


def test_what_is_no_array_of_frames_is_refused() -> None:
    pickled = io.BytesIO()
    np.save(pickled, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    store = FrameStore(
        Objects({"one": npy(np.ones(3)), "ints": npy(np.ones((2, 2), int)), "evil": pickled.getvalue()}),
        max_bytes=100,
    )
    for name in ("one", "ints", "evil"):
        with pytest.raises(ValueError, match=r"array|pickle"):
            store.load(name)
