"""Clips become vectors: in order, over videos, without those that were deleted, naming what is broken."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clip_encoder.encode import BudgetedEncoder
from clip_encoder.handler import EncodeClips
from vtr.contracts.envelope import Envelope
from vtr.contracts.events import ClipEncoded, ClipExtracted, Event, VideoStatus
from vtr.contracts.events.clips import FramePackRef
from vtr.contracts.events.videos import VideoMetadata
from vtr.contracts.step import Message, Rejected, Unavailable
from vtr.media import layout
from vtr.media.framepack import Frame, encode_jpeg, write_pack
from vtr.media.objects import ObjectStore
from vtr.models.encoders.base import ClipEmbedding, ClipFrames, FloatArray
from vtr.vectors.arrays import to_array

NOW = datetime(2025, 6, 1, tzinfo=UTC)


class Brightness:
    """Embeds a frame as its mean brightness, a text as its length."""

    model_version = "brightness-1"
    dim = 2

    def __init__(self) -> None:
        self.passes: list[int] = []
        self.during_pass: Any = None

    def encode_clips(self, clips: Sequence[ClipFrames]) -> list[ClipEmbedding]:
        self.passes.append(len(clips))
        if self.during_pass:
            self.during_pass()
        embeddings = []
        for clip in clips:
            rows = np.array([[float(f.mean()) / 256, 1.0] for f in clip.frames], dtype=np.float32)
            embeddings.append(ClipEmbedding(clip=rows.mean(axis=0), frames=rows))
        return embeddings

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        return self.encode_passages(texts)

    def encode_passages(self, texts: Sequence[str]) -> FloatArray:
        return np.array([[len(text), 0.0] for text in texts], dtype=np.float32)

    def close(self) -> None:
        return


class Deleted:
    def __init__(self) -> None:
        self.videos: set[str] = set()
        self.known = True

    def wait_ready(self, timeout_s: float) -> bool:
        return self.known

    def covers(self, tenant: str, video_id: str, submitted_at: datetime) -> bool:
        return video_id in self.videos


class World:
    def __init__(self, root: Path, pool: ThreadPoolExecutor, *, frame_budget: int = 64) -> None:
        self.store = ObjectStore(f"file://{root}")
        self.model = Brightness()
        self.deleted = Deleted()
        encoder = BudgetedEncoder(self.model, frame_budget=frame_budget)
        self.step = EncodeClips(encoder, self.store, self.deleted, pool, clock=lambda: NOW)

    def clip(
        self, video_id: str, ordinal: int, *, brightness: int = 100, count: int = 2, **fields: Any
    ) -> Message[ClipExtracted]:
        clip_id = f"{video_id}-{ordinal}"
        image = np.full((16, 16, 3), brightness, dtype=np.uint8)
        pack = write_pack([Frame(time_s=float(i), jpeg=encode_jpeg(image)) for i in range(count)])
        uri = self.store.put(layout.frame_pack("acme", video_id, "h1", clip_id), pack)
        video = VideoMetadata(
            video_id=video_id, uri="file:///v.mp4", content_hash="h1", submitted_at=NOW, duration_s=9.0,
            tenant="acme", title=f"Title of {video_id}",
        )  # fmt: skip
        given: dict[str, Any] = {
            "clip_id": clip_id,
            "video": video,
            "ordinal": ordinal,
            "t0_s": float(ordinal),
            "t1_s": ordinal + 1.0,
            "frames": FramePackRef(uri=uri, times_s=tuple(map(float, range(count))), width=16, height=16),
        }
        event = ClipExtracted(**(given | fields))
        return Message(event, Envelope.root(event.TYPE, source="test", tenant="acme"))

    def run(self, *messages: Message[ClipExtracted]) -> list[Event]:
        return [emit.event for emit in self.step.handle(messages)]


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as made:
        yield made


@pytest.fixture
def world(tmp_path: Path, pool: ThreadPoolExecutor) -> World:
    return World(tmp_path, pool)


def test_clips_of_several_videos_share_a_pass_and_keep_their_vectors(world: World) -> None:
    one, two = world.run(world.clip("v1", 0, brightness=64), world.clip("v2", 0, brightness=192))
    assert isinstance(one, ClipEncoded)
    assert isinstance(two, ClipEncoded)
    assert world.model.passes == [2]
    assert (one.clip_id, two.clip_id) == ("v1-0", "v2-0")
    assert to_array(one.vectors[0].vector)[0] == pytest.approx(64 / 256, abs=0.01)
    assert to_array(two.vectors[0].vector)[0] == pytest.approx(192 / 256, abs=0.01)
    assert one.model == "brightness-1"
    assert one.video.title == "Title of v1"


def test_frame_vectors_lie_below_the_video_and_model_as_float16(world: World) -> None:
    (event,) = world.run(world.clip("v1", 0, count=3))
    assert isinstance(event, ClipEncoded)
    reference = event.frame_vectors
    assert reference is not None
    assert (reference.frames, reference.dim, reference.dtype) == (3, 2, "float16")
    assert "/acme/v1/h1/v1-0/brightness-1/" in reference.uri
    array = np.load(io.BytesIO(world.store.get(reference.uri)), allow_pickle=False)
    assert array.shape == (3, 2)
    assert array.dtype == np.float16


def test_a_transcript_adds_a_speech_vector_and_a_blank_one_does_not(world: World) -> None:
    spoken, silent = world.run(
        world.clip("v1", 0, transcript="hello there"), world.clip("v1", 1, transcript=" \n")
    )
    assert isinstance(spoken, ClipEncoded)
    assert isinstance(silent, ClipEncoded)
    assert [v.modality for v in spoken.vectors] == ["visual", "speech"]
    assert to_array(spoken.vectors[1].vector).tolist() == [11.0, 0.0]
    assert spoken.transcript == "hello there"
    assert [v.modality for v in silent.vectors] == ["visual"]


def test_the_last_clip_of_a_video_says_that_it_is_encoded(world: World) -> None:
    events = world.run(world.clip("v1", 0), world.clip("v1", 1, clip_count=2))
    assert [type(event) for event in events] == [ClipEncoded, VideoStatus, ClipEncoded]
    status = events[1]
    assert isinstance(status, VideoStatus)
    assert (status.stage, status.clips_extracted, status.service) == ("encoded", 2, "clip_encoder")
    assert status.tenant == "acme"


def test_a_batch_above_the_budget_is_cut_in_order(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    world = World(tmp_path, pool, frame_budget=5)
    events = world.run(*(world.clip("v1", i, brightness=10 * i, count=2) for i in range(5)))
    assert world.model.passes == [2, 2, 1]
    assert [event.ordinal for event in events if isinstance(event, ClipEncoded)] == [0, 1, 2, 3, 4]


def test_the_next_group_is_loaded_while_the_first_is_in_the_model(
    tmp_path: Path, pool: ThreadPoolExecutor
) -> None:
    world = World(tmp_path, pool, frame_budget=2)
    messages = [world.clip("v1", 0), world.clip("v1", 1)]
    fetched: list[str] = []
    get = world.store.get

    def recording_get(uri: str) -> bytes:
        fetched.append(uri)
        return get(uri)

    world.store.get = recording_get  # type: ignore[method-assign]
    seen: list[int] = []

    def wait_for_the_next() -> None:
        # Only prefetching can bring the second pack while the first pass runs; a hang fails by timeout.
        while len(fetched) < 2:
            pass
        seen.append(len(fetched))

    world.model.during_pass = wait_for_the_next
    world.run(*messages)
    assert seen == [2, 2]


def test_clips_of_a_deleted_video_vanish(world: World) -> None:
    world.deleted.videos.add("v1")
    events = world.run(world.clip("v1", 0, clip_count=1), world.clip("v2", 0))
    assert [event.key for event in events] == ["acme/v2"]
    assert world.model.passes == [1]


def test_nothing_is_encoded_before_the_deletions_are_known(world: World) -> None:
    world.deleted.known = False
    with pytest.raises(Unavailable, match="tombstones"):
        world.run(world.clip("v1", 0))


def test_a_video_deleted_while_it_is_in_the_model_leaves_nothing_in_the_store(world: World) -> None:
    message = world.clip("v1", 0)
    world.model.during_pass = lambda: world.deleted.videos.add("v1")
    assert world.run(message) == []
    assert [path for path in world.store.paths("acme/v1") if path.endswith(".npy")] == []


def test_doing_a_clip_twice_gives_equal_events_and_one_object(world: World) -> None:
    message = world.clip("v1", 0, transcript="hello")
    assert world.run(message) == world.run(message)
    assert len([path for path in world.store.paths("acme/v1") if path.endswith(".npy")]) == 1


def test_broken_packs_are_rejected_by_name(world: World) -> None:
    missing = world.clip("v1", 0)
    world.store.delete_prefix("acme/v1")
    corrupt = world.clip("v2", 0)
    world.store.put(layout.frame_pack("acme", "v2", "h1", "v2-0"), b"PK not a zip")
    foreign = world.clip(
        "v3", 0, frames=FramePackRef(uri="file:///etc/passwd", times_s=(0.0,), width=1, height=1)
    )
    good = world.clip("v4", 0)
    shorter = world.clip(
        "v4", 0, frames=FramePackRef(uri=good.event.frames.uri, times_s=(0.0,), width=16, height=16)
    )
    for message, code in (
        (missing, "frame-pack-missing"),
        (corrupt, "frame-pack-corrupt"),
        (foreign, "frame-pack-foreign"),
        (shorter, "frame-pack-mismatch"),
    ):
        with pytest.raises(Rejected) as caught:
            world.run(message)
        assert caught.value.code == code
        assert message.event.frames.uri in caught.value.message


def test_a_rejected_clip_fails_its_video_with_the_reason(world: World) -> None:
    message = world.clip("v1", 3)
    (emit,) = world.step.rejected(message, Rejected("frame-pack-corrupt", "frames.uri: x: not a zip"))
    status = emit.event
    assert isinstance(status, VideoStatus)
    assert (status.video_id, status.stage) == ("v1", "failed")
    assert status.failure is not None
    assert status.failure.code == "frame-pack-corrupt"
    assert "v1-3" in status.failure.message


def test_a_store_that_does_not_answer_is_not_the_clips_fault(world: World) -> None:
    message = world.clip("v1", 0)

    def down(uri: str) -> bytes:
        raise Unavailable("object-store", "connection refused")

    world.store.get = down  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        world.run(message)
