"""Clip rows as entities of Milvus and back, with the limits of the fields."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from vtr.vectors.arrays import FloatArray
from vtr.vectors.expressions import UNKNOWN_TIME_MS, from_ms, to_ms
from vtr.vectors.store import ClipMark, ClipRow, Version

MAX_TAGS = 64
MAX_TAG_BYTES = 256

# Milvus counts bytes of UTF-8, contracts count characters (up to 4 bytes each).
MAX_BYTES = {
    "clip_id": 200,
    "video_id": 200,
    "tenant": 64,
    "content_hash": 200,
    "language": 35,
    "title": 4000,
    "transcript": 65_535,
    "uri": 16_384,
    "frame_pack_uri": 16_384,
    "frame_vectors_uri": 16_384,
    "frame_times": 65_535,
}
# Text for people may lose its end; an id or an address that lost its end would be another one.
_TRUNCATED = frozenset({"title", "transcript"})

MARK_FIELDS = ("clip_id", "video_id", "content_hash", "submitted_at", "ordinal", "clip_count")
ROW_FIELDS = (
    *MARK_FIELDS,
    "tenant",
    "t0_s",
    "t1_s",
    "duration_s",
    "uri",
    "frame_pack_uri",
    "frame_times",
    "frame_vectors_uri",
    "title",
    "transcript",
    "language",
    "tags",
    "published_at",
)


class FieldError(ValueError):
    """A row does not fit its field; the message names it."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")


def truncated(text: str, max_bytes: int) -> str:
    """The longest prefix of ``text`` of at most ``max_bytes`` bytes of UTF-8, cut between characters."""
    encoded = text.encode()
    return text if len(encoded) <= max_bytes else encoded[:max_bytes].decode(errors="ignore")


def _fitted(field: str, text: str) -> str:
    limit = MAX_BYTES[field]
    if field in _TRUNCATED:
        return truncated(text, limit)
    if (size := len(text.encode())) > limit:
        raise FieldError(field, f"{size} bytes, at most {limit} can be indexed")
    return text


def to_entity(row: ClipRow, vector: FloatArray) -> dict[str, Any]:
    """The entity of ``row``. Raises :class:`FieldError` naming the field that does not fit."""
    if len(row.tags) > MAX_TAGS:
        raise FieldError("tags", f"{len(row.tags)} tags, at most {MAX_TAGS} can be indexed")
    for tag in row.tags:
        if len(tag.encode()) > MAX_TAG_BYTES:
            raise FieldError("tags", f"a tag of more than {MAX_TAG_BYTES} bytes cannot be indexed")
    return {
        "clip_id": _fitted("clip_id", row.clip_id),
        "video_id": _fitted("video_id", row.video_id),
        "tenant": _fitted("tenant", row.tenant),
        "content_hash": _fitted("content_hash", row.content_hash),
        "submitted_at": to_ms(row.submitted_at),
        "ordinal": row.ordinal,
        "clip_count": row.clip_count or 0,
        "t0_s": float(row.t0_s),
        "t1_s": float(row.t1_s),
        "duration_s": float(row.duration_s),
        "uri": _fitted("uri", row.uri),
        "frame_pack_uri": _fitted("frame_pack_uri", row.frame_pack_uri),
        "frame_times": _fitted("frame_times", json.dumps(row.frame_times_s, separators=(",", ":"))),
        "frame_vectors_uri": _fitted("frame_vectors_uri", row.frame_vectors_uri or ""),
        "title": _fitted("title", row.title),
        "transcript": _fitted("transcript", row.transcript),
        "language": _fitted("language", (row.language or "").lower()),
        "tags": list(row.tags),
        "published_at": UNKNOWN_TIME_MS if row.published_at is None else to_ms(row.published_at),
        "vector": vector.tolist(),
    }


def to_row(entity: Mapping[str, Any]) -> ClipRow:
    """The row of an entity that was read with :data:`ROW_FIELDS`."""
    published = int(entity["published_at"])
    return ClipRow(
        clip_id=entity["clip_id"],
        tenant=entity["tenant"],
        video_id=entity["video_id"],
        content_hash=entity["content_hash"],
        submitted_at=from_ms(int(entity["submitted_at"])),
        ordinal=int(entity["ordinal"]),
        clip_count=int(entity["clip_count"]) or None,
        t0_s=float(entity["t0_s"]),
        t1_s=float(entity["t1_s"]),
        duration_s=float(entity["duration_s"]),
        uri=entity["uri"],
        frame_pack_uri=entity["frame_pack_uri"],
        frame_times_s=tuple(json.loads(entity["frame_times"])),
        frame_vectors_uri=entity["frame_vectors_uri"] or None,
        title=entity["title"],
        transcript=entity["transcript"],
        language=entity["language"] or None,
        tags=tuple(entity["tags"]),
        published_at=None if published == UNKNOWN_TIME_MS else from_ms(published),
    )


def to_mark(entity: Mapping[str, Any]) -> ClipMark:
    """The mark of an entity that was read with :data:`MARK_FIELDS`."""
    return ClipMark(
        clip_id=entity["clip_id"],
        video_id=entity["video_id"],
        version=Version(int(entity["submitted_at"]), entity["content_hash"]),
        ordinal=int(entity["ordinal"]),
        clip_count=int(entity["clip_count"]) or None,
    )


def to_stored_vector(entity: Mapping[str, Any]) -> FloatArray:
    """The vector [D] of an entity, float32."""
    return np.asarray(entity["vector"], dtype=np.float32)
