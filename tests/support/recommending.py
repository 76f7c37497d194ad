"""Events that recommendation lives on, for its tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from vtr.contracts.envelope import Envelope
from vtr.contracts.events import ClipIndexed, Event, InteractionRecorded
from vtr.contracts.events.videos import VideoMetadata
from vtr.contracts.step import Message
from vtr.contracts.vector import ModalityVector
from vtr.vectors.arrays import to_vector

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)


def interaction(
    video_id: str, kind: str = "like", *, days_ago: float = 0.0, **fields: Any
) -> InteractionRecorded:
    given: dict[str, Any] = {
        "interaction_id": f"i-{video_id}-{kind}-{days_ago}",
        "user_id": "ann",
        "video_id": video_id,
        "kind": kind,
        "occurred_at": NOW - timedelta(days=days_ago),
        "tenant": "acme",
    }
    return InteractionRecorded(**(given | fields))


def clip_indexed(
    video_id: str,
    direction: Sequence[float],
    *,
    ordinal: int = 0,
    days_ago: float = 1.0,
    content_hash: str = "h1",
    model: str = "m-1",
    modality: Any = "visual",
    indexed_at: datetime = NOW,
) -> ClipIndexed:
    return ClipIndexed(
        clip_id=f"{video_id}-{content_hash}-{ordinal}",
        video=VideoMetadata(
            video_id=video_id,
            uri=f"file:///{video_id}.mp4",
            content_hash=content_hash,
            submitted_at=NOW - timedelta(days=days_ago),
            duration_s=100.0,
            tenant="acme",
            title=f"Title of {video_id}",
        ),
        ordinal=ordinal,
        t0_s=ordinal * 10.0,
        t1_s=ordinal * 10.0 + 10,
        model=model,
        collection="clips_m_1_visual",
        indexed_at=indexed_at,
        watermark=NOW,
        vectors=(
            ModalityVector(modality=modality, vector=to_vector(np.asarray(direction, dtype=np.float32))),
        ),
        tenant="acme",
    )


def message(event: Event) -> Message[Any]:
    return Message(event, Envelope.root(event.TYPE, source="test", tenant="acme"))
