"""What recommendation keeps of each video: its metadata and the mean direction of its clips."""

from __future__ import annotations

from datetime import datetime

import msgspec
import numpy as np
from numpy.typing import NDArray

from vtr.contracts.events import ClipIndexed
from vtr.vectors.arrays import to_array

Vector = NDArray[np.float32]
_WIRE = np.dtype("<f4")


class VideoRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a video by one model.

    ``total``: sum of its clips' unit vectors, float32 [D]; ``ordinals``: bit i is set when clip i is in it,
    so that a clip that comes again is not added again.
    """

    video_id: str
    title: str
    duration_s: float
    submitted_at: datetime
    indexed_at: datetime
    content_hash: str
    model: str
    total: bytes
    ordinals: bytes
    start_ordinal: int
    start_clip_id: str
    start_s: float

    @property
    def vector(self) -> Vector | None:
        """The mean direction [D] of the clips, of norm 1; None when they cancel out."""
        total = np.frombuffer(self.total, dtype=_WIRE).astype(np.float32)
        norm = float(np.linalg.norm(total))
        return total / np.float32(norm) if norm > 0 else None


def add_clip(record: VideoRecord | None, clip: ClipIndexed) -> VideoRecord | None:
    """``record`` with ``clip``; a newer version or model replaces what was there, an older one is ignored."""
    unit = _unit(clip)
    if unit is None:
        return record
    if record is None or _replaces(record, clip):
        return _first(clip, unit)
    if not _belongs(record, clip) or _has(record.ordinals, clip.ordinal):
        return record
    total = np.frombuffer(record.total, dtype=_WIRE) + unit
    starts_here = clip.ordinal < record.start_ordinal
    return msgspec.structs.replace(
        record,
        title=clip.video.title,
        submitted_at=max(record.submitted_at, clip.video.submitted_at),
        indexed_at=max(record.indexed_at, clip.indexed_at),
        total=total.astype(_WIRE).tobytes(),
        ordinals=_with(record.ordinals, clip.ordinal),
        start_ordinal=clip.ordinal if starts_here else record.start_ordinal,
        start_clip_id=clip.clip_id if starts_here else record.start_clip_id,
        start_s=clip.t0_s if starts_here else record.start_s,
    )


def _first(clip: ClipIndexed, unit: Vector) -> VideoRecord:
    return VideoRecord(
        video_id=clip.video.video_id,
        title=clip.video.title,
        duration_s=clip.video.duration_s,
        submitted_at=clip.video.submitted_at,
        indexed_at=clip.indexed_at,
        content_hash=clip.video.content_hash,
        model=clip.model,
        total=unit.astype(_WIRE).tobytes(),
        ordinals=_with(b"", clip.ordinal),
        start_ordinal=clip.ordinal,
        start_clip_id=clip.clip_id,
        start_s=clip.t0_s,
    )


def _belongs(record: VideoRecord, clip: ClipIndexed) -> bool:
    return record.content_hash == clip.video.content_hash and record.model == clip.model


def _replaces(record: VideoRecord, clip: ClipIndexed) -> bool:
    if record.content_hash != clip.video.content_hash:
        return clip.video.submitted_at > record.submitted_at
    return record.model != clip.model and clip.indexed_at > record.indexed_at


def _unit(clip: ClipIndexed) -> Vector | None:
    """The clip's content vector of norm 1: what it shows, else what is said in it."""
    vectors = {vector.modality: vector.vector for vector in clip.vectors}
    chosen = vectors.get("visual") or vectors.get("speech")
    if chosen is None:
        return None
    array = to_array(chosen)
    norm = float(np.linalg.norm(array))
    return array / np.float32(norm) if norm > 0 else None


def _has(bits: bytes, index: int) -> bool:
    return index // 8 < len(bits) and bool(bits[index // 8] >> (index % 8) & 1)


def _with(bits: bytes, index: int) -> bytes:
    grown = bytearray(bits.ljust(index // 8 + 1, b"\0"))
    grown[index // 8] |= 1 << (index % 8)
    return bytes(grown)
