"""What is heard in a clip: a vector of the sounds' own model, and words where nobody wrote them down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clip_encoder.encode import BudgetedEncoder
from clip_encoder.handler import EncodeClips
from clip_encoder.listen import Ear
from vtr.contracts.envelope import Envelope
from vtr.contracts.events import ClipEncoded, ClipExtracted
from vtr.contracts.events.clips import FramePackRef
from vtr.contracts.events.videos import VideoMetadata
from vtr.contracts.step import Message, Rejected
from vtr.media import layout
from vtr.media.framepack import Frame, encode_jpeg, write_pack
from vtr.media.objects import ObjectStore
from vtr.models.audio.base import HeardText
from vtr.models.encoders.base import EncodingError, FloatArray
from vtr.models.encoders.options import EncoderOptions
from vtr.models.encoders.registry import load_encoder
from vtr.vectors.arrays import to_array

from video_ingest.audio import encode_flac  # isort: skip

NOW = datetime(2025, 6, 1, tzinfo=UTC)


class Loudness:
    """Embeds a sound as its loudness and its length in seconds."""

    model_version = "loudness-2-v1"
    dim = 2

    def encode_texts(self, texts: Sequence[str]) -> list[HeardText]:
        raise NotImplementedError

    def encode_sounds(self, sounds: Sequence[FloatArray], *, rate: int) -> FloatArray:
        if sounds[0].max() > 0.99:
            raise EncodingError(0, "is clipped")
        return np.array([[float(np.abs(s).mean()), len(s) / rate] for s in sounds], dtype=np.float32)

    def close(self) -> None:
        return


class Stenographer:
    def __init__(self) -> None:
        self.languages: list[str | None] = []

    def transcribe(
        self, sounds: Sequence[FloatArray], *, rate: int, languages: Sequence[str | None]
    ) -> list[str]:
        self.languages += languages
        return ["hello world" if np.abs(sound).max() > 0.1 else "" for sound in sounds]

    def close(self) -> None:
        return


class Nothing:
    def wait_ready(self, timeout_s: float) -> bool:
        return True

    def covers(self, tenant: str, video_id: str, submitted_at: datetime) -> bool:
        return False


class World:
    def __init__(self, root: Path, pool: ThreadPoolExecutor) -> None:
        self.store = ObjectStore(f"file://{root}")
        self.pool = pool
        self.stenographer = Stenographer()
        self.encoder = BudgetedEncoder(load_encoder("random:16", options=EncoderOptions()), frame_budget=8)

    def clip(self, ordinal: int, sound: bytes | None, **fields: Any) -> Message[ClipExtracted]:
        pack = write_pack(
            [Frame(0.0, encode_jpeg(np.full((16, 16, 3), 9, dtype=np.uint8)))], width=16, height=16
        )
        name = f"c{ordinal}"
        where = ("acme", "v", "h", name)
        given: dict[str, Any] = {
            "clip_id": name,
            "video": VideoMetadata(
                video_id="v",
                uri="file:///v.mp4",
                content_hash="h",
                submitted_at=NOW,
                duration_s=9,
                tenant="acme",
                language="en-GB",
            ),
            "ordinal": ordinal,
            "t0_s": float(ordinal),
            "t1_s": ordinal + 1.0,
            "frames": FramePackRef(
                uri=self.store.put(layout.frame_pack(*where), pack), times_s=(0.0,), width=16, height=16
            ),
            "audio_uri": self.store.put(layout.audio(*where), sound) if sound is not None else None,
        }
        event = ClipExtracted(**(given | fields))
        return Message(event, Envelope.root(event.TYPE, source="test", tenant="acme"))

    def run(self, *clips: Message[ClipExtracted], **ears: Any) -> list[ClipEncoded]:
        ear = Ear(self.store, self.pool, **ears) if ears else None
        step = EncodeClips(self.encoder, self.store, Nothing(), self.pool, ear=ear)
        events = [emit.event for emit in step.handle(clips)]
        return [event for event in events if isinstance(event, ClipEncoded)]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ThreadPoolExecutor(4) as pool:
        yield World(tmp_path, pool)


def flac(level: float, seconds: float = 1.0) -> bytes:
    return encode_flac(np.full(round(16_000 * seconds), round(level * 32_768), dtype=np.int16))


def modalities(event: ClipEncoded) -> list[str]:
    return [vector.modality for vector in event.vectors]


def test_a_sound_gives_a_vector_of_its_own_model(world: World) -> None:
    loud, silent = world.run(world.clip(0, flac(0.5, 2.0)), world.clip(1, None), encoder=Loudness())
    assert modalities(loud) == ["visual", "audio"]
    assert loud.vectors[1].model == "loudness-2-v1"
    assert loud.vectors[0].model is None
    assert to_array(loud.vectors[1].vector).tolist() == pytest.approx([0.5, 2.0], abs=1e-3)
    assert modalities(silent) == ["visual"]


def test_without_an_ear_nothing_is_different(world: World) -> None:
    (event,) = world.run(world.clip(0, b"not read"))
    assert modalities(event) == ["visual"]


def test_words_are_recognised_only_where_there_are_none(world: World) -> None:
    found = world.run(
        world.clip(0, flac(0.5)),
        world.clip(1, flac(0.5), transcript="written down", transcript_source="captions"),
        world.clip(2, flac(0.01)),
        world.clip(3, None),
        transcriber=world.stenographer,
    )
    assert [event.transcript for event in found] == ["hello world", "written down", "", ""]
    assert [modalities(event) for event in found] == [["visual", "speech"]] * 2 + [["visual"]] * 2
    assert world.stenographer.languages == ["en-GB", "en-GB"]


@pytest.mark.parametrize(
    ("sound", "fields", "code"),
    [
        (b"no sound", {}, "sound-corrupt"),
        (None, {"audio_uri": "file:///elsewhere/a.flac"}, "sound-foreign"),
        (flac(0.999), {}, "sound-not-encodable"),
    ],
)
def test_a_sound_that_cannot_be_used_is_named(
    world: World, sound: bytes | None, fields: dict[str, Any], code: str
) -> None:
    with pytest.raises(Rejected, match="audio_uri") as caught:
        world.run(world.clip(0, sound, **fields), encoder=Loudness())
    assert caught.value.code == code


def test_a_missing_sound_is_named(world: World) -> None:
    uri = world.store.uri("acme/v/h/c0/gone.flac")
    with pytest.raises(Rejected, match=r"gone\.flac is not there") as caught:
        world.run(world.clip(0, None, audio_uri=uri), encoder=Loudness())
    assert caught.value.code == "sound-missing"
