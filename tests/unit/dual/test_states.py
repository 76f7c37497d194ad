from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from support.tiny_dual import TINY, WORDS, tiny_dual
from vtr.models.dual.collate import frames_before, pack_frames
from vtr.models.dual.infer import embed_texts
from vtr.models.dual.states import (
    ClipStatesError,
    clip_states,
    read_states,
    see_clips,
    text_states,
    write_states,
)
from vtr.models.encoders.base import EncodingError


def videos(*lengths: int) -> tuple[list[NDArray[np.uint8]], list[NDArray[np.float32]]]:
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 256, (length, 16, 16, 3), dtype=np.uint8) for length in lengths]
    return frames, [(3 + np.arange(length) / 5).astype(np.float32) for length in lengths]


def test_states_are_what_the_tower_pools() -> None:
    model = tiny_dual().eval()
    frames, times = videos(5, 3)
    with torch.inference_mode():
        before = [frames_before(video, model.config.gaps) for video in frames]
        whole = model.video(*pack_frames(frames, [t - t[0] for t in times], before)).numpy()
    for states, vector, pixels, at in zip(
        clip_states(model, frames, times), whole, frames, times, strict=True
    ):
        assert states.frames.shape == (len(pixels), TINY.width)
        assert states.regions.shape == (len(pixels), 4, 24)
        np.testing.assert_allclose(states.vector, vector, atol=1e-5)
        np.testing.assert_array_equal(states.times_s, at)
        np.testing.assert_array_equal(states.region_times_s, at)


def test_a_frames_vector_is_that_of_its_state() -> None:
    model = tiny_dual().eval()
    (seen,) = see_clips(model, *videos(4))
    with torch.inference_mode():
        wanted = model.video.of_frame(torch.tensor(seen.states.frames))
    np.testing.assert_allclose(seen.frame_vectors, wanted.numpy(), atol=1e-5)


def test_states_do_not_depend_on_what_else_is_in_the_call() -> None:
    model = tiny_dual().eval()
    frames, times = videos(5, 3, 9)
    together = clip_states(model, frames, times)
    for number, states in enumerate(together):
        (alone,) = clip_states(model, frames[number : number + 1], times[number : number + 1])
        np.testing.assert_allclose(states.frames, alone.frames, atol=1e-5)
        np.testing.assert_allclose(states.regions, alone.regions, atol=1e-5)
    for one, other in zip(together, clip_states(model, frames, times, max_frames=4), strict=True):
        np.testing.assert_allclose(one.vector, other.vector, atol=1e-5)


def test_regions_are_row_by_row_and_see_their_own_cell() -> None:
    model = tiny_dual().eval()
    frames = np.zeros((1, 16, 16, 3), dtype=np.uint8)
    other = frames.copy()
    other[:, 14:, 2:4] = 200  # bottom left
    plain, changed = clip_states(model, [frames, other], [np.zeros(1, np.float32)] * 2)
    with torch.inference_mode():
        before = torch.from_numpy(frames_before(other, model.config.gaps))
        cells = model.video.frame(torch.from_numpy(other), before).cells[0].numpy()
    np.testing.assert_allclose(changed.regions[0, 2], cells[:, 1, 0], atol=1e-5)
    assert not np.allclose(changed.regions[0, 2], plain.regions[0, 2])


def test_frames_pass_through_the_tower_once() -> None:
    model = tiny_dual().eval()
    passes = []
    model.video.frame.stem.register_forward_hook(lambda *_: passes.append(1))
    clip_states(model, *videos(5))
    assert passes == [1]


def test_without_regions_there_are_none() -> None:
    (states,) = clip_states(tiny_dual().eval(), *videos(2), regions=False)
    assert states.regions.shape == (0, 4, 24)
    assert states.region_times_s.shape == (0,)
    assert len(states.frames) == 2


def test_bad_videos_are_named() -> None:
    model = tiny_dual().eval()
    frames, times = videos(2, 2)
    with pytest.raises(ValueError, match=r"videos\[1\]: float32"):
        clip_states(model, [frames[0], frames[1].astype(np.float32)], times)
    with pytest.raises(ValueError, match=r"times_s\[1\]: 1 times, but 2 frames"):
        clip_states(model, frames, [times[0], times[1][:1]])
    with pytest.raises(ValueError, match="times_s: 1, but there are 2 videos"):
        clip_states(model, frames, times[:1])


def test_text_states_hold_each_word_and_the_vector_of_the_text() -> None:
    model = tiny_dual().eval()
    texts = ["a red ball, moves", "zebra", "two dogs and then it rains"]
    found = text_states(model, WORDS, texts)
    vectors = embed_texts(model, WORDS.encode_all(texts))
    assert [states.words for states in found][:2] == [("a", "red", "ball", ",", "moves"), ("zebra",)]
    for states, vector in zip(found, vectors, strict=True):
        assert states.tokens.shape == (len(states.words), TINY.text_width)
        np.testing.assert_allclose(states.vector, vector, atol=1e-5)


def test_texts_are_cut_where_the_tower_ends_and_blank_ones_refused() -> None:
    model = tiny_dual().eval()
    (states,) = text_states(model, WORDS, ["red " * 40])
    assert len(states.words) == len(states.tokens) == TINY.max_tokens
    (strange,) = text_states(model, WORDS, ["_"])
    assert strange.words == ("_",)
    assert len(strange.tokens) == 1
    with pytest.raises(EncodingError) as caught:
        text_states(model, WORDS, ["red", " "])
    assert caught.value.index == 1


def test_a_file_of_states_reads_back_as_half_precision() -> None:
    (states,) = clip_states(tiny_dual().eval(), *videos(3))
    data = write_states(states)
    assert data == write_states(states)
    read = read_states(data)
    np.testing.assert_array_equal(read.frames, states.frames.astype(np.float16))
    np.testing.assert_array_equal(read.regions, states.regions.astype(np.float16))
    np.testing.assert_array_equal(read.vector, states.vector)
    np.testing.assert_array_equal(read.times_s, states.times_s)


def test_a_file_that_is_none_is_refused_by_what_is_wrong() -> None:
    (states,) = clip_states(tiny_dual().eval(), *videos(3))
    with pytest.raises(ClipStatesError, match="states: "):
        read_states(b"no archive")
    with pytest.raises(ClipStatesError, match="states: "):
        read_states(write_states(states)[:-40])
    with pytest.raises(ClipStatesError, match="times_s: 2 times, but 3 frames"):
        read_states(write_states(replace(states, times_s=states.times_s[:2])))
    with pytest.raises(ClipStatesError, match=r"frames: float16 \[3\], but 2-d floats"):
        read_states(write_states(replace(states, frames=states.frames[:, 0])))
