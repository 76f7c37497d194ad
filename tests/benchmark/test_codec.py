"""Nanoseconds to write and read one ``clip.encoded``: the codec, json with dataclasses, and pydantic."""

from __future__ import annotations

import base64
import dataclasses
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

import numpy as np
from pydantic import ConfigDict, TypeAdapter

from support.comparing import compare
from vtr.contracts import codec
from vtr.contracts.events import ClipEncoded
from vtr.contracts.events.clips import FramePackRef
from vtr.contracts.events.videos import VideoMetadata
from vtr.contracts.vector import ModalityVector
from vtr.vectors.arrays import to_vector

LOOPS = 2000
PACKAGES = ("msgspec", "pydantic")


@dataclass
class _Vector:
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")
    dtype: str
    dim: int
    data: bytes


@dataclass
class _ModalityVector:
    modality: str
    vector: _Vector


@dataclass
class _Frames:
    uri: str
    times_s: list[float]
    width: int
    height: int


@dataclass
class _Video:
    video_id: str
    uri: str
    content_hash: str
    submitted_at: datetime
    duration_s: float
    tenant: str
    title: str
    description: str
    tags: list[str]
    language: str | None
    published_at: datetime | None


@dataclass
class _Clip:
    clip_id: str
    video: _Video
    ordinal: int
    t0_s: float
    t1_s: float
    frames: _Frames
    clip_count: int | None
    transcript: str
    model: str
    vectors: list[_ModalityVector]
    frame_vectors: None


_CLIP = TypeAdapter(_Clip)


def _event() -> ClipEncoded:
    """Two vectors of 384 elements, as the offline encoder gives for a clip with words."""
    drawn = np.random.default_rng(0).standard_normal((2, 384)).astype(np.float32)
    return ClipEncoded(
        clip_id="ab12cd34ab12cd34ab12cd34ab12cd34",
        video=VideoMetadata(
            video_id="v-0123456789",
            uri="s3://videos/bikes.mp4",
            content_hash="5f0c6a3b9d1e4c7f8a2b6d0e1c3f5a79",
            submitted_at=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
            duration_s=10.0,
            title="Bikes",
            tags=("sport", "outdoor"),
            language="en",
        ),
        ordinal=0,
        t0_s=0.0,
        t1_s=2.4,
        frames=FramePackRef(uri="s3://objects/a/frames.zip", times_s=(0.4, 1.2, 2.0), width=448, height=190),
        transcript="watch the corner, there is ice on it",
        model="offline-conse-minilm_384_v1",
        vectors=tuple(
            ModalityVector(modality=name, vector=to_vector(row))
            for name, row in zip(("visual", "speech"), drawn, strict=True)
        ),
    )


def _json_default(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(type(value).__name__)


def _json_read(value: bytes) -> _Clip:
    """Dataclasses from JSON as one writes it by hand: types are made, nothing is checked."""
    raw: dict[str, Any] = json.loads(value)
    video = raw["video"]
    video["submitted_at"] = datetime.fromisoformat(video["submitted_at"])
    if video["published_at"] is not None:
        video["published_at"] = datetime.fromisoformat(video["published_at"])
    raw["video"] = _Video(**video)
    raw["frames"] = _Frames(**raw["frames"])
    for item in raw["vectors"]:
        item["vector"]["data"] = base64.b64decode(item["vector"]["data"])
    raw["vectors"] = [_ModalityVector(v["modality"], _Vector(**v["vector"])) for v in raw["vectors"]]
    return _Clip(**raw)


def _nanoseconds(call: Callable[[], object]) -> Callable[[], float]:
    def measure() -> float:
        began = time.perf_counter_ns()
        for _ in range(LOOPS):
            call()
        return (time.perf_counter_ns() - began) / LOOPS

    return measure


def test_codec() -> None:
    event = _event()
    value = codec.encode(event)
    plain = _CLIP.validate_json(value)
    assert _json_read(value) == plain
    by_json = json.dumps(dataclasses.asdict(plain), default=_json_default).encode()
    assert codec.decode(ClipEncoded.TYPE, by_json) == event
    assert _CLIP.validate_json(_CLIP.dump_json(plain)) == plain  # its base64 is the one for URLs
    compare(
        f"Write a clip.encoded ({len(value)} bytes)",
        "ns",
        {
            "vtr codec": _nanoseconds(lambda: codec.encode(event)),
            "json + dataclasses": _nanoseconds(
                lambda: json.dumps(dataclasses.asdict(plain), default=_json_default).encode()
            ),
            "pydantic": _nanoseconds(lambda: _CLIP.dump_json(plain)),
        },
        to="vtr codec",
        packages=PACKAGES,
    )
    compare(
        "Read it, types and bounds checked by vtr, types by pydantic, nothing by json",
        "ns",
        {
            "vtr codec": _nanoseconds(lambda: codec.decode(ClipEncoded.TYPE, value)),
            "json + dataclasses": _nanoseconds(lambda: _json_read(value)),
            "pydantic": _nanoseconds(lambda: _CLIP.validate_json(value)),
        },
        to="vtr codec",
        packages=PACKAGES,
    )
