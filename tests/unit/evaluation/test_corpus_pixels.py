"""What is drawn and heard: boxes hold their objects, motion goes where the scene says, the sound is there."""

from __future__ import annotations

import wave
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from support.corpus import a_scene, a_thing, decode, decode_sound
from vtr.evaluation.corpus.backgrounds import LIGHT, draw_background
from vtr.evaluation.corpus.encode import write_video
from vtr.evaluation.corpus.factors import ACTIONS, BACKGROUNDS, CAMERAS, DIRECTIONS, PATTERNS, SHAPES, SOUNDS
from vtr.evaluation.corpus.render import boxes, render
from vtr.evaluation.corpus.scene import Event, Scene, event_frames
from vtr.evaluation.corpus.sound import RATE, mix, sound_times, word_start
from vtr.evaluation.corpus.speech import SpeechError, load_word, speak_all, speech_available, word_path

SIDE = 64


def tinted(scene: Scene, thing: int) -> NDArray[np.bool_]:
    """Pixels [T, H, W] that ``thing`` tints: those that change when red turns black, outline included."""
    things = list(scene.things)
    things[thing] = msgspec.structs.replace(things[thing], colour="black")
    other = render(msgspec.structs.replace(scene, things=tuple(things)), SIDE)
    return np.asarray((render(scene, SIDE) != other).any(axis=-1))


@given(
    shape=st.sampled_from(SHAPES),
    action=st.sampled_from([a for a in ACTIONS if a != "follows"]),
    pattern=st.sampled_from(PATTERNS),
    count=st.integers(1, 2),
    camera=st.sampled_from(CAMERAS),
    seed=st.integers(0, 1000),
)
@settings(max_examples=40, deadline=None)
def test_boxes_hold_all_pixels_of_their_objects_and_little_more(
    shape: str, action: str, pattern: str, count: int, camera: str, seed: int
) -> None:
    direction = {"moves": "up_right", "spins": "clockwise", "circles": "anticlockwise"}.get(action)
    scene = a_scene(
        Event(thing=0, action=action, direction=direction),
        things=(a_thing(shape=shape, pattern=pattern, count=count),),
        camera=camera,
        seed=seed,
    )
    seen = tinted(scene, 0)
    inside = np.zeros_like(seen)
    found = boxes(scene, SIDE)
    assert len(found) == count
    for box in found:
        for t, (x0, y0, x1, y1) in enumerate(box.xyxy):
            inside[t, y0:y1, x0:x1] = True
    assert not (seen & ~inside).any()
    for t in range(scene.frames):
        if not seen[t].any():
            assert not any(box.xyxy[t].any() for box in found)
            continue
        y, x = np.nonzero(seen[t])
        low = np.min([box.xyxy[t, :2] for box in found], axis=0)
        high = np.max([box.xyxy[t, 2:] for box in found], axis=0)
        assert (np.array([x.min(), y.min()]) - low <= 3).all()
        assert (high - 1 - np.array([x.max(), y.max()]) <= 3).all()


def red_centre(frame: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Where the red pixels of a frame are in the mean: x, y."""
    r, g, b = (frame[..., c].astype(int) for c in range(3))
    y, x = np.nonzero((r > 140) & (g < 110) & (b < 110))
    assert x.size > 20
    return np.array([x.mean(), y.mean()])


@pytest.mark.parametrize("direction", list(DIRECTIONS))
def test_decoded_pixels_move_in_the_direction_that_is_told(direction: str, tmp_path: Path) -> None:
    scene = a_scene(Event(thing=0, action="moves", direction=direction, adverb="zigzag"), camera="pan_left")
    write_video(tmp_path / "a.mp4", render(scene, 96), scene.fps, mix(scene, None), RATE)
    frames = decode(tmp_path / "a.mp4")
    assert frames.shape == (scene.frames, 96, 96, 3)
    first, last = event_frames(scene, 0)
    moved = red_centre(frames[last]) - red_centre(frames[first])
    assert np.linalg.norm(moved) > 25
    assert moved @ np.array(DIRECTIONS[direction]) / np.linalg.norm(moved) > 0.97


@pytest.mark.parametrize(("action", "ratio"), [("grows", 2.0), ("shrinks", 0.5)])
def test_decoded_objects_grow_and_shrink(action: str, ratio: float, tmp_path: Path) -> None:
    scene = a_scene(Event(thing=0, action=action))
    write_video(tmp_path / "a.mp4", render(scene, 96), scene.fps, mix(scene, None), RATE)
    frames = decode(tmp_path / "a.mp4").astype(int)
    red = ((frames[..., 0] > 140) & (frames[..., 1] < 110)).sum(axis=(1, 2))
    assert red[-1] > ratio * red[0] if ratio > 1 else red[-1] < ratio * red[0]


def test_a_blinking_object_is_gone_in_between_and_its_box_with_it() -> None:
    scene = a_scene(Event(thing=0, action="blinks"))
    box = boxes(scene, SIDE)[0].xyxy
    gone = ~box.any(axis=1)
    first, last = event_frames(scene, 0)
    assert 3 <= gone[first:last].sum() < last - first
    assert not gone[:first].any()
    assert not gone[last:].any()


def test_rendering_and_sound_are_the_same_for_the_same_scene_and_others_for_another_seed() -> None:
    one, other = a_scene(camera="shake", sound="drum"), a_scene(camera="shake", sound="drum", seed=6)
    assert (render(one, SIDE) == render(one, SIDE)).all()
    assert (render(one, SIDE) != render(other, SIDE)).any()
    assert (mix(one, None) == mix(one, None)).all()


@pytest.mark.parametrize("family", BACKGROUNDS)
def test_backgrounds_are_textured_and_night_is_darker_than_day(family: str) -> None:
    day, night = (draw_background(family, time, 1, SIDE) for time in ("day", "night"))
    assert day.std(axis=(0, 1)).max() > 5
    assert night.mean() < 0.5 * day.mean()


def test_every_background_and_light_differs_from_every_other() -> None:
    seen = [draw_background(f, t, 1, SIDE).reshape(-1, 3).mean(axis=0) for f in BACKGROUNDS for t in LIGHT]
    gaps = [np.abs(a - b).max() for i, a in enumerate(seen) for b in seen[i + 1 :]]
    assert min(gaps) > 1


def spectrum(samples: NDArray[np.floating]) -> NDArray[np.floating]:
    size = np.abs(np.fft.rfft(samples, 4096))
    return np.asarray(size / np.linalg.norm(size))


def test_a_sound_is_heard_in_its_time_and_each_is_different() -> None:
    heard = {}
    for kind in SOUNDS:
        scene = a_scene(sound=kind)
        start, end = sound_times(scene)
        assert 0 <= start < end <= scene.duration_s
        samples = mix(scene, None).astype(float)
        silent = mix(a_scene(), None).astype(float)
        inside = samples[round(start * RATE) : round(end * RATE)]
        before = silent[round(start * RATE) : round(end * RATE)]
        assert np.sqrt((inside**2).mean()) > 1.3 * np.sqrt((before**2).mean())
        heard[kind] = spectrum(inside)
    pairs = [(a, b) for i, a in enumerate(SOUNDS) for b in SOUNDS[i + 1 :]]
    assert max(float(heard[a] @ heard[b]) for a, b in pairs) < 0.97


def test_a_word_is_heard_from_where_it_starts(tmp_path: Path) -> None:
    with wave.open(str(word_path(tmp_path, "test word")), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(22050)
        tone = np.sin(np.arange(11025) * 2 * np.pi * 500 / 22050) * 20000
        file.writeframes(np.concatenate([np.zeros(4000), tone]).astype("<i2").tobytes())
    word = load_word(tmp_path, "test word", RATE)
    assert len(word) == pytest.approx(8000, abs=40)
    assert np.argmax(np.abs(np.fft.rfft(word))) * RATE / len(word) == pytest.approx(500, abs=5)
    scene = a_scene(word="test word")
    samples = mix(scene, word).astype(float)
    at = round(word_start(scene) * RATE)
    assert np.abs(samples[at + 500 : at + 7000]).mean() > 5 * np.abs(samples[: at - 500]).mean()


def test_a_video_has_aac_sound_as_long_as_its_picture(tmp_path: Path) -> None:
    scene = a_scene(sound="bell")
    write_video(tmp_path / "a.mp4", render(scene, SIDE), scene.fps, mix(scene, None), RATE)
    samples, rate = decode_sound(tmp_path / "a.mp4")
    assert rate == RATE
    assert len(samples) / rate == pytest.approx(scene.duration_s, abs=0.2)
    assert np.abs(samples).max() > 0.05


def test_an_odd_side_is_refused_and_nothing_is_left_behind(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="63x64"):
        write_video(tmp_path / "a.mp4", np.zeros((2, 64, 63, 3), np.uint8), 10, np.zeros(10, np.int16), RATE)
    assert not list(tmp_path.iterdir())


def test_missing_and_broken_words_are_errors_that_name_the_file(tmp_path: Path) -> None:
    with pytest.raises(SpeechError, match=r"apple\.wav"):
        load_word(tmp_path, "apple", RATE)
    word_path(tmp_path, "apple").write_bytes(b"no wave")
    with pytest.raises(SpeechError, match=r"apple\.wav"):
        load_word(tmp_path, "apple", RATE)


@pytest.mark.skipif(not speech_available(), reason="espeak-ng is not installed")
def test_words_are_spoken_once_and_differ(tmp_path: Path) -> None:
    speak_all(["apple", "orange juice"], tmp_path)
    before = word_path(tmp_path, "apple").stat().st_mtime_ns
    one, other = (load_word(tmp_path, w, RATE) for w in ("apple", "orange juice"))
    assert len(one) > RATE // 5
    assert len(one) != len(other)
    speak_all(["apple"], tmp_path)
    assert word_path(tmp_path, "apple").stat().st_mtime_ns == before
