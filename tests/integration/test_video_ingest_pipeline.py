"""video_ingest's step on real videos: what comes out, what is kept, what a crash costs."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from support.ingest import (
    SUBMITTED_AT,
    ingest_settings,
    ingest_step,
    run,
    stop_after,
    submitted,
)
from support.media import halves, scenes, write_video
from video_ingest.handler import DeletionStep
from vtr.contracts.codec import decode, encode
from vtr.contracts.envelope import Envelope
from vtr.contracts.events import ClipExtracted, VideoDeleted
from vtr.contracts.step import Emit, Message
from vtr.media import layout
from vtr.media.framepack import decode_frames, read_pack
from vtr.media.objects import ObjectStore


class Tombstones:
    """Deletions that a test makes as it goes."""

    def __init__(self) -> None:
        self.deleted: dict[str, datetime] = {}

    def covers(self, tenant: str, video_id: str, submitted_at: datetime) -> bool:
        return video_id in self.deleted and submitted_at <= self.deleted[video_id]


def facts(clips: list[ClipExtracted]) -> list[tuple[object, ...]]:
    return [(c.clip_id, c.ordinal, c.t0_s, c.t1_s, c.frames, c.transcript, c.clip_count) for c in clips]


@pytest.fixture
def objects(tmp_path: Path) -> ObjectStore:
    return ObjectStore(f"file://{tmp_path}/objects")


def test_scenes_become_clips_that_show_them(tmp_path: Path, objects: ObjectStore) -> None:
    path = write_video(tmp_path / "v.mp4", seconds=12, painter=scenes([4.0, 8.0]))
    message = submitted(path, title="Three colours", tags=("a",), language="en", tenant="acme")
    outcome = run(ingest_step(ingest_settings(tmp_path), objects), message)
    assert outcome.stages == ["received", "decoded"]
    assert (outcome.statuses[-1].clips_extracted, outcome.statuses[-1].duration_s) == (3, 12.0)
    assert [(clip.t0_s, clip.t1_s) for clip in outcome.clips] == [(0.0, 4.0), (4.0, 8.0), (8.0, 12.0)]
    strongest = [
        int(np.stack(decode_frames(read_pack(objects.get(clip.frames.uri)))).mean(axis=(0, 1, 2)).argmax())
        for clip in outcome.clips
    ]
    assert strongest == [0, 1, 2]
    video = outcome.clips[0].video
    assert (video.title, video.tags, video.language, video.tenant) == ("Three colours", ("a",), "en", "acme")
    assert (video.duration_s, len(video.content_hash)) == (12.0, 32)


def test_events_survive_the_wire(tmp_path: Path, objects: ObjectStore) -> None:
    path = write_video(tmp_path / "v.mp4", seconds=2)
    for event in run(ingest_step(ingest_settings(tmp_path), objects), submitted(path)).events:
        assert decode(event.TYPE, encode(event)) == event


def test_the_status_decoded_comes_before_the_clip_that_completes_the_video(
    tmp_path: Path, objects: ObjectStore
) -> None:
    path = write_video(tmp_path / "v.mp4", seconds=8, painter=scenes([4.0]))
    names = [
        getattr(event, "stage", None) or event.ordinal  # type: ignore[attr-defined]
        for event in run(ingest_step(ingest_settings(tmp_path), objects), submitted(path)).events
    ]
    assert names == ["received", 0, "decoded", 1]


@pytest.mark.parametrize(
    ("rotation", "shape", "red"),
    [(0, (48, 64), "top"), (90, (64, 48), "left"), (180, (48, 64), "bottom"), (-90, (64, 48), "right")],
)
def test_frames_are_upright(
    tmp_path: Path, objects: ObjectStore, rotation: int, shape: tuple[int, int], red: str
) -> None:
    """A rotation of 90 degrees counterclockwise brings the top to the left."""
    path = write_video(tmp_path / "v.mp4", seconds=1, painter=halves(), rotation=rotation)
    (clip,) = run(ingest_step(ingest_settings(tmp_path), objects), submitted(path)).clips
    image = decode_frames(read_pack(objects.get(clip.frames.uri)))[0]
    assert image.shape[:2] == shape == (clip.frames.height, clip.frames.width)
    height, width = shape
    side = {
        "top": image[: height // 4],
        "bottom": image[-height // 4 :],
        "left": image[:, : width // 4],
        "right": image[:, -width // 4 :],
    }[red]
    assert side[..., 0].mean() > 150 > 60 > side[..., 2].mean()


def test_frames_keep_their_aspect_and_fit_the_largest_side(tmp_path: Path, objects: ObjectStore) -> None:
    path = write_video(tmp_path / "v.mp4", seconds=1, size=(1280, 720), painter=scenes(size=(1280, 720)))
    (clip,) = run(ingest_step(ingest_settings(tmp_path), objects), submitted(path)).clips
    assert (clip.frames.width, clip.frames.height) == (448, 252)


def test_times_follow_the_timestamps_of_a_variable_rate(tmp_path: Path, objects: ObjectStore) -> None:
    path = write_video(tmp_path / "v.mp4", times_s=[0.0, 0.04, 0.08, 1.5, 2.9, 4.0])
    (clip,) = run(ingest_step(ingest_settings(tmp_path), objects), submitted(path)).clips
    assert clip.frames.times_s == (0.0, 1.5, 2.9, 4.0)


def test_a_file_that_ends_too_early_is_indexed_and_said_to_be_short(
    tmp_path: Path, objects: ObjectStore
) -> None:
    whole = write_video(tmp_path / "whole.mkv", seconds=20, painter=scenes([4.0, 8.0, 12.0, 16.0]))
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    outcome = run(ingest_step(ingest_settings(tmp_path), objects), submitted(cut))
    assert outcome.stages == ["received", "decoded"]
    assert outcome.clips
    assert outcome.clips[-1].t1_s < 19
    assert any("declares 20.0 s" in note for note in outcome.statuses[-1].notes)


def test_a_declared_duration_is_not_believed(tmp_path: Path, objects: ObjectStore) -> None:
    data = bytearray(write_video(tmp_path / "whole.mkv", seconds=3).read_bytes())
    at = data.index(b"\x44\x89\x88")  # Duration, a float of 8 bytes, in milliseconds
    data[at + 3 : at + 11] = np.array(1e12, dtype=">f8").tobytes()
    path = tmp_path / "lies.mkv"
    path.write_bytes(bytes(data))
    outcome = run(ingest_step(ingest_settings(tmp_path), objects), submitted(path))
    assert outcome.statuses[-1].duration_s == outcome.clips[0].video.duration_s == 3.0
    assert any("declares 1000000000.0 s" in note for note in outcome.statuses[-1].notes)


def test_what_lies_beyond_the_longest_duration_is_left_out(tmp_path: Path, objects: ObjectStore) -> None:
    path = write_video(tmp_path / "v.mp4", seconds=10)
    settings = ingest_settings(tmp_path)
    settings.decode.max_duration_s = 4.0
    outcome = run(ingest_step(settings, objects), submitted(path))
    assert outcome.clips[-1].t1_s == outcome.clips[0].video.duration_s == 4.0
    assert "only the first 4 s are indexed" in outcome.statuses[-1].notes


def test_words_go_to_the_shots_they_are_spoken_in(tmp_path: Path, objects: ObjectStore) -> None:
    words = [(0.5, 2.0, "red here"), (5.0, 6.0, "green there")]
    path = write_video(tmp_path / "v.mp4", seconds=8, painter=scenes([4.0]), subtitles=words, audio=True)
    clips = run(ingest_step(ingest_settings(tmp_path), objects), submitted(path)).clips
    assert [(clip.transcript, clip.transcript_source) for clip in clips] == [
        ("red here", "subtitles"),
        ("green there", "subtitles"),
    ]


def test_a_broken_captions_file_is_noted_and_the_video_indexed(tmp_path: Path, objects: ObjectStore) -> None:
    path = write_video(tmp_path / "v.mp4", seconds=2)
    captions = tmp_path / "c.srt"
    captions.write_bytes(b"\x00\x01\x02" * 100)
    outcome = run(
        ingest_step(ingest_settings(tmp_path), objects), submitted(path, captions_uri=str(captions))
    )
    assert outcome.clips[0].transcript_source == "none"
    assert any("c.srt" in note for note in outcome.statuses[-1].notes)


def test_sound_is_cut_to_the_shot(tmp_path: Path, objects: ObjectStore) -> None:
    path = write_video(tmp_path / "v.mp4", seconds=8, painter=scenes([4.0]), audio=True)
    clips = run(ingest_step(ingest_settings(tmp_path, audio=True), objects), submitted(path)).clips
    for clip in clips:
        assert clip.audio_uri is not None
        with av.open(io.BytesIO(objects.get(clip.audio_uri))) as sound:
            (stream,) = sound.streams.audio
            assert (stream.codec_context.name, stream.rate, stream.channels) == ("flac", 16_000, 1)
            samples = np.concatenate([frame.to_ndarray().reshape(-1) for frame in sound.decode(stream)])
        assert len(samples) == round((clip.t1_s - clip.t0_s) * 16_000)
        spectrum = np.abs(np.fft.rfft(samples[:16_000].astype(np.float64)))
        assert int(spectrum.argmax()) == 440


def test_without_sound_or_the_wish_for_it_there_is_no_audio(tmp_path: Path, objects: ObjectStore) -> None:
    silent = write_video(tmp_path / "silent.mp4", seconds=2)
    loud = write_video(tmp_path / "loud.mp4", seconds=2, audio=True)
    wanted = run(ingest_step(ingest_settings(tmp_path, audio=True), objects), submitted(silent, "a"))
    unwanted = run(ingest_step(ingest_settings(tmp_path), objects), submitted(loud, "b"))
    assert [clip.audio_uri for clip in wanted.clips + unwanted.clips] == [None, None]


# --- Repeats and crashes -----------------------------------------------------------------------------


class Counting(ObjectStore):
    """Remembers what was put."""

    def __init__(self, uri: str) -> None:
        super().__init__(uri)
        self.written: list[str] = []

    def put(self, path: str, data: bytes) -> str:
        self.written.append(path)
        return super().put(path, data)


def test_a_repeat_tells_the_same_without_doing_it_again(tmp_path: Path) -> None:
    objects = Counting(f"file://{tmp_path}/objects")
    path = write_video(tmp_path / "v.mp4", seconds=12, painter=scenes([4.0, 8.0]))
    step = ingest_step(ingest_settings(tmp_path), objects)
    first = run(step, submitted(path))
    objects.written.clear()
    again = run(step, submitted(path, title="A new title"))
    assert facts(again.clips) == facts(first.clips)
    assert again.statuses[-1].clips_extracted == 3
    assert again.clips[0].video.title == "A new title"
    assert objects.written == []


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "h264"])
@pytest.mark.parametrize("done", [1, 2, 4])
def test_after_a_crash_only_the_rest_is_done_and_the_clips_are_the_same(
    tmp_path: Path, suffix: str, done: int
) -> None:
    path = write_video(
        tmp_path / f"v.{suffix}", seconds=60, fps=12, gop=24, painter=scenes([4.3, 9.1, 13.6, 33.0, 48.7])
    )
    settings = ingest_settings(tmp_path)
    whole = run(ingest_step(settings, ObjectStore(f"file://{tmp_path}/whole")), submitted(path)).clips
    assert len(whole) >= 6

    objects = Counting(f"file://{tmp_path}/objects")
    told = stop_after(ingest_step(settings, objects), submitted(path), done)
    packs = [path for path in objects.written if path.endswith("frames.zip")]
    assert len(packs) == done
    objects.written.clear()
    resumed = run(ingest_step(settings, objects), submitted(path))

    rewritten = {path for path in objects.written if path.endswith("frames.zip")}
    assert not rewritten & set(packs)
    assert len(rewritten) == len(whole) - done
    assert facts(resumed.clips)[:done] == facts(told)
    ids = [(clip.clip_id, clip.t0_s, clip.t1_s, clip.frames.times_s, clip.clip_count) for clip in whole]
    assert [(c.clip_id, c.t0_s, c.t1_s, c.frames.times_s, c.clip_count) for c in resumed.clips] == ids


def test_a_crash_between_pack_and_record_redoes_that_shot(tmp_path: Path, objects: ObjectStore) -> None:
    path = write_video(tmp_path / "v.mp4", seconds=12, painter=scenes([4.0, 8.0]))
    step = ingest_step(ingest_settings(tmp_path), objects)
    first = run(step, submitted(path)).clips
    version = layout.version_prefix("default", "v1", first[0].video.content_hash)
    objects.delete_prefix(f"{version}/shots/000001.json")
    assert facts(run(step, submitted(path)).clips) == facts(first)


def test_a_damaged_record_is_made_anew(tmp_path: Path, objects: ObjectStore) -> None:
    path = write_video(tmp_path / "v.mp4", seconds=12, painter=scenes([4.0, 8.0]))
    step = ingest_step(ingest_settings(tmp_path), objects)
    first = run(step, submitted(path)).clips
    objects.put(layout.shot_record("default", "v1", first[0].video.content_hash, 0), b"{torn")
    assert facts(run(step, submitted(path)).clips) == facts(first)


def test_other_content_or_other_cuts_are_another_version(tmp_path: Path, objects: ObjectStore) -> None:
    path = write_video(tmp_path / "v.mp4", seconds=4)
    one = run(ingest_step(ingest_settings(tmp_path), objects), submitted(path)).clips
    finer = run(ingest_step(ingest_settings(tmp_path, max_shot_s=2.0), objects), submitted(path)).clips
    write_video(path, seconds=4, painter=halves())
    other = run(ingest_step(ingest_settings(tmp_path), objects), submitted(path)).clips
    assert len({clips[0].video.content_hash for clips in (one, finer, other)}) == 3


# --- Deletion ----------------------------------------------------------------------------------------


def delete(objects: ObjectStore, video_id: str, at: datetime) -> None:
    event = VideoDeleted(video_id=video_id, deleted_at=at)
    message = Message(event, Envelope.root(event.TYPE, source="test"))
    assert list(DeletionStep(objects).handle([message])) == []


def test_a_deletion_removes_the_video_and_nothing_else(tmp_path: Path, objects: ObjectStore) -> None:
    path = write_video(tmp_path / "v.mp4", seconds=2)
    step = ingest_step(ingest_settings(tmp_path), objects)
    run(step, submitted(path, "gone"))
    (kept,) = run(step, submitted(path, "kept")).clips
    delete(objects, "gone", SUBMITTED_AT)
    assert objects.paths(layout.video_prefix("default", "gone")) == []
    assert objects.get(kept.frames.uri)
    delete(objects, "never-there", SUBMITTED_AT)


def test_a_late_deletion_spares_a_newer_submission(tmp_path: Path, objects: ObjectStore) -> None:
    path = write_video(tmp_path / "v.mp4", seconds=2)
    step = ingest_step(ingest_settings(tmp_path), objects)
    run(step, submitted(path))
    (clip,) = run(step, submitted(path, submitted_at=SUBMITTED_AT + timedelta(hours=2))).clips
    delete(objects, "v1", SUBMITTED_AT + timedelta(hours=1))
    assert objects.get(clip.frames.uri)
    delete(objects, "v1", SUBMITTED_AT + timedelta(hours=2))
    assert objects.paths("default") == []


def test_a_deleted_submission_is_not_ingested_and_a_newer_one_is(
    tmp_path: Path, objects: ObjectStore
) -> None:
    path = write_video(tmp_path / "v.mp4", seconds=2)
    tombstones = Tombstones()
    tombstones.deleted["v1"] = SUBMITTED_AT
    step = ingest_step(ingest_settings(tmp_path), objects, tombstones=tombstones)
    assert run(step, submitted(path)).events == []
    later = submitted(path, submitted_at=SUBMITTED_AT + timedelta(seconds=1))
    assert run(step, later).stages == ["received", "decoded"]


def test_a_deletion_in_the_middle_stops_the_work_and_leaves_nothing(
    tmp_path: Path, objects: ObjectStore
) -> None:
    path = write_video(tmp_path / "v.mp4", seconds=20, painter=scenes([4.0, 8.0, 12.0]))
    tombstones = Tombstones()
    step = ingest_step(ingest_settings(tmp_path), objects, tombstones=tombstones)
    seen: list[Emit] = []
    for emit in step.handle([submitted(path)]):
        seen.append(emit)
        if isinstance(emit.event, ClipExtracted):
            tombstones.deleted["v1"] = SUBMITTED_AT
    assert len([emit for emit in seen if isinstance(emit.event, ClipExtracted)]) == 1
    assert objects.paths("default") == []


# --- Length ------------------------------------------------------------------------------------------


def test_clips_come_while_the_video_is_still_being_read(tmp_path: Path, objects: ObjectStore) -> None:
    path = write_video(tmp_path / "v.mp4", seconds=60, painter=scenes([4.0, 8.0, 12.0]))
    (first,) = stop_after(ingest_step(ingest_settings(tmp_path), objects), submitted(path), 1)
    assert first.clip_count is None
    packs = [path for path in objects.paths("default") if path.endswith("frames.zip")]
    assert len(packs) == 1


def test_shots_are_contiguous_and_of_allowed_length(tmp_path: Path, objects: ObjectStore) -> None:
    cuts = [4.0, 4.4, 9.0, 31.0, 31.5, 47.0]
    path = write_video(tmp_path / "v.mp4", seconds=60, painter=scenes(cuts))
    clips = run(ingest_step(ingest_settings(tmp_path), objects), submitted(path)).clips
    assert all(earlier.t1_s == later.t0_s for earlier, later in pairwise(clips))
    lengths = [clip.t1_s - clip.t0_s for clip in clips]
    assert min(lengths) >= 1.0
    assert max(lengths) <= 10.0 + 1.0 + 0.25
