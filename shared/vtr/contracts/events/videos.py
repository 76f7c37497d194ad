"""Events about whole videos."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec

from vtr.contracts.envelope import DEFAULT_TENANT
from vtr.contracts.events.base import (
    Event,
    Identifier,
    Language,
    Seconds,
    Tag,
    Tenant,
    Timestamp,
    Uri,
    scoped,
)


class Caption(msgspec.Struct, frozen=True, kw_only=True):
    """Words spoken or shown during ``[start_s, end_s)`` of the video."""

    start_s: Seconds
    end_s: Seconds
    text: Annotated[str, msgspec.Meta(max_length=10_000)]

    def __post_init__(self) -> None:
        if self.end_s < self.start_s:
            raise ValueError(f"end_s: {self.end_s} is before start_s {self.start_s}")


class VideoSubmitted(Event, frozen=True, kw_only=True):
    """A video is to be indexed. Submitting the same ``video_id`` again replaces what was indexed."""

    TYPE: ClassVar[str] = "vtr.video.submitted.v1"

    video_id: Identifier
    uri: Uri
    submitted_at: Timestamp
    tenant: Tenant = DEFAULT_TENANT
    title: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    description: Annotated[str, msgspec.Meta(max_length=20_000)] = ""
    tags: Annotated[tuple[Tag, ...], msgspec.Meta(max_length=64)] = ()
    language: Language | None = None
    published_at: Timestamp | None = None
    captions: Annotated[tuple[Caption, ...], msgspec.Meta(max_length=20_000)] = ()
    captions_uri: Uri | None = None
    """A SubRip or WebVTT file; ``captions`` wins where both are given."""

    @property
    def key(self) -> str:
        return scoped(self.tenant, self.video_id)


class VideoMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """What later stages need to know of a video; it travels in each clip event.

    ``content_hash`` tells versions of one ``video_id`` apart: clips of an older hash are removed once the
    newer version is complete.
    """

    video_id: Identifier
    uri: Uri
    content_hash: Identifier
    submitted_at: Timestamp
    duration_s: Seconds
    tenant: Tenant = DEFAULT_TENANT
    title: str = ""
    description: str = ""
    tags: tuple[Tag, ...] = ()
    language: Language | None = None
    published_at: Timestamp | None = None

    def status(
        self,
        stage: Stage,
        *,
        service: str,
        updated_at: Timestamp,
        failure: Failure | None = None,
        clips_extracted: int | None = None,
        clips_searchable: int | None = None,
        upload_to_searchable_s: float | None = None,
    ) -> VideoStatus:
        """What ``service`` says of this submission of the video."""
        return VideoStatus(
            video_id=self.video_id,
            stage=stage,
            submitted_at=self.submitted_at,
            updated_at=updated_at,
            tenant=self.tenant,
            service=service,
            failure=failure,
            duration_s=self.duration_s,
            clips_extracted=clips_extracted,
            clips_searchable=clips_searchable,
            upload_to_searchable_s=upload_to_searchable_s,
        )


class VideoDeleted(Event, frozen=True, kw_only=True):
    """A tombstone: whatever was submitted up to ``deleted_at`` under this id must vanish and stay away."""

    TYPE: ClassVar[str] = "vtr.video.deleted.v1"

    video_id: Identifier
    deleted_at: Timestamp
    tenant: Tenant = DEFAULT_TENANT
    reason: Annotated[str, msgspec.Meta(max_length=1000)] = ""

    @property
    def key(self) -> str:
        return scoped(self.tenant, self.video_id)


Stage = Literal["received", "decoded", "encoded", "searchable", "failed", "deleted"]

STAGE_ORDER: dict[str, int] = {
    "received": 0,
    "decoded": 1,
    "encoded": 2,
    "searchable": 3,
    "failed": 4,
    "deleted": 5,
}
"""Several services write a video's status; a reader keeps the furthest stage of the newest submission."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why a video failed. ``code`` is stable and machine readable, ``message`` is for people."""

    code: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]+$", max_length=64)]
    message: str
    service: str


class VideoStatus(Event, frozen=True, kw_only=True):
    """Progress of one submission of a video (compacted topic)."""

    TYPE: ClassVar[str] = "vtr.video.status.v1"

    video_id: Identifier
    stage: Stage
    submitted_at: Timestamp
    updated_at: Timestamp
    tenant: Tenant = DEFAULT_TENANT
    service: str = ""
    failure: Failure | None = None
    duration_s: Seconds | None = None
    clips_extracted: int | None = None
    clips_searchable: int | None = None
    upload_to_searchable_s: Seconds | None = None
    notes: Annotated[tuple[str, ...], msgspec.Meta(max_length=32)] = ()
    """What a reader should know although the video did not fail, such as a file that ends too early."""

    def __post_init__(self) -> None:
        if (self.stage == "failed") != (self.failure is not None):
            raise ValueError("failure: is given with stage 'failed', and only then")

    @property
    def key(self) -> str:
        return scoped(self.tenant, self.video_id)

    def supersedes(self, other: VideoStatus) -> bool:
        """Whether a reader that knows ``other`` should take this one instead."""
        mine = (self.submitted_at, STAGE_ORDER[self.stage])
        return mine >= (other.submitted_at, STAGE_ORDER[other.stage])
