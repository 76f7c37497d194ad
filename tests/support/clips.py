"""Clip rows and clip events for tests, with everything filled in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np

from vtr.contracts import ids
from vtr.contracts.envelope import Envelope
from vtr.contracts.events.clips import ClipEncoded, FramePackRef
from vtr.contracts.events.videos import VideoMetadata
from vtr.contracts.step import Message
from vtr.contracts.vector import ModalityVector
from vtr.vectors.arrays import FloatArray, normalised, to_vector
from vtr.vectors.store import ClipRow

SUBMITTED = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)


def unit_vectors(count: int, dim: int, seed: int = 0) -> FloatArray:
    """``count`` random directions [count, dim]."""
    return normalised(np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32))


def clip_row(ordinal: int = 0, *, video_id: str = "v1", tenant: str = "default", **fields: Any) -> ClipRow:
    t0 = float(ordinal * 4)
    values: dict[str, Any] = {
        "clip_id": ids.clip_id(tenant, video_id, t0, t0 + 4.0),
        "tenant": tenant,
        "video_id": video_id,
        "content_hash": "hash-1",
        "submitted_at": SUBMITTED,
        "ordinal": ordinal,
        "t0_s": t0,
        "t1_s": t0 + 4.0,
        "duration_s": 60.0,
        "uri": f"file:///videos/{video_id}.mp4",
        "frame_pack_uri": f"file:///objects/{video_id}/{ordinal}/frames.zip",
        "frame_times_s": (t0 + 0.5, t0 + 2.0, t0 + 3.5),
    }
    return ClipRow(**{**values, **fields})


def clip_encoded(
    ordinal: int = 0,
    *,
    vectors: dict[str, FloatArray] | None = None,
    model: str = "random-16-v1",
    clip_count: int | None = None,
    models: dict[str, str] | None = None,
    **video: Any,
) -> ClipEncoded:
    """The ``ordinal``-th clip of a video, with one visual vector unless ``vectors`` says otherwise;
    ``models``: those of modalities that have one of their own."""
    metadata: dict[str, Any] = {
        "video_id": "v1",
        "uri": "file:///videos/v1.mp4",
        "content_hash": "hash-1",
        "submitted_at": SUBMITTED,
        "duration_s": 60.0,
        "title": "A video",
    }
    about = VideoMetadata(**{**metadata, **video})
    given = vectors or {"visual": unit_vectors(1, 16, seed=ordinal)[0]}
    t0 = float(ordinal * 4)
    return ClipEncoded(
        clip_id=ids.clip_id(about.tenant, about.video_id, t0, t0 + 4.0),
        video=about,
        ordinal=ordinal,
        t0_s=t0,
        t1_s=t0 + 4.0,
        frames=FramePackRef(
            uri=f"file:///objects/{about.video_id}/{ordinal}.zip",
            times_s=(t0 + 0.5, t0 + 2.0, t0 + 3.5),
            width=64,
            height=48,
        ),
        clip_count=clip_count,
        model=model,
        vectors=tuple(
            ModalityVector(
                modality=name,  # type: ignore[arg-type]
                vector=to_vector(array, "float32"),
                model=(models or {}).get(name),
            )
            for name, array in given.items()
        ),
    )


def message(event: Any) -> Message[Any]:
    """``event`` as the loop hands it to a step."""
    tenant = getattr(event, "tenant", None) or event.video.tenant
    return Message(event, Envelope.root(type(event).TYPE, source="test", tenant=tenant))
