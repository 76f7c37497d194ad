"""What is finished of a video, kept beside its objects: a repeat goes on where the last try ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TypeVar

import msgspec

from video_ingest.ports import Objects
from vtr.contracts.events.clips import FramePackRef
from vtr.media import layout

_S = TypeVar("_S", bound=msgspec.Struct)


class ShotRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A finished shot: its pack is stored. ``notes`` and ``last`` are those of the end of the video."""

    ordinal: int
    clip_id: str
    t0_s: float
    t1_s: float
    frames: FramePackRef
    audio_uri: str | None = None
    last: bool = False
    notes: tuple[str, ...] = ()


class VersionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The newest submission of a version: a deletion spares what was submitted after it."""

    uri: str
    submitted_at: datetime


class Checkpoint:
    """The records of one version of one video."""

    def __init__(self, objects: Objects, tenant: str, video_id: str, content_hash: str) -> None:
        self._objects = objects
        self._video = (tenant, video_id, content_hash)

    def begin(self, uri: str, submitted_at: datetime) -> None:
        """Note the submission, before anything is stored for it."""
        path = layout.version_record(*self._video)
        known = _read(self._objects, path, VersionRecord)
        if known is None or known.submitted_at < submitted_at:
            record = VersionRecord(uri=uri, submitted_at=submitted_at)
            self._objects.put(path, msgspec.json.encode(record))

    def finished(self) -> Iterator[ShotRecord]:
        """The records of the shots from the first on, as far as they follow one another without a hole."""
        ordinal, end_s = 0, 0.0
        while True:
            record = _read(self._objects, layout.shot_record(*self._video, ordinal), ShotRecord)
            if record is None or record.ordinal != ordinal or record.t0_s != end_s:
                return
            yield record
            if record.last:
                return
            ordinal, end_s = ordinal + 1, record.t1_s

    def add(self, record: ShotRecord) -> None:
        """Make it durable that a shot is finished, after its objects are."""
        self._objects.put(layout.shot_record(*self._video, record.ordinal), msgspec.json.encode(record))


def forget(objects: Objects, tenant: str, video_id: str, deleted_at: datetime) -> int:
    """Remove every version of a video that was submitted up to ``deleted_at``; returns how many objects."""
    removed = 0
    for content_hash in objects.children(layout.video_prefix(tenant, video_id)):
        record = _read(objects, layout.version_record(tenant, video_id, content_hash), VersionRecord)
        if record is None or record.submitted_at <= deleted_at:
            removed += objects.delete_prefix(layout.version_prefix(tenant, video_id, content_hash))
    return removed


def _read(objects: Objects, path: str, kind: type[_S]) -> _S | None:
    """A record; None when there is none, or one that this version of the service cannot read."""
    try:
        return msgspec.json.decode(objects.get(path), type=kind)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
