"""Events about what people ask."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec

from vtr.contracts.envelope import DEFAULT_TENANT
from vtr.contracts.events.base import (
    Event,
    Identifier,
    Language,
    ModelVersion,
    Seconds,
    Tag,
    Tenant,
    Timestamp,
    Uri,
)
from vtr.contracts.vector import Modality, ModalityVector


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """An example to search by: exactly one of an indexed video, an indexed clip, or a uri."""

    video_id: Identifier | None = None
    clip_id: Identifier | None = None
    uri: Uri | None = None

    def __post_init__(self) -> None:
        if sum(part is not None for part in (self.video_id, self.clip_id, self.uri)) != 1:
            raise ValueError("example: give exactly one of video_id, clip_id, uri")


HeadName = Annotated[str, msgspec.Meta(max_length=32, pattern=r"^[a-z][a-z0-9-]*$")]
"""A learned head of a model: ``covr``, ``camoe``, ``vlgnet``, ``regada``, and what others add."""


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Conditions that every hit fulfils; applied inside the vector search, never after it."""

    languages: tuple[Language, ...] = ()
    tags: tuple[Tag, ...] = ()
    """Any of these tags."""
    video_ids: Annotated[tuple[Identifier, ...], msgspec.Meta(max_length=1000)] = ()
    exclude_video_ids: Annotated[tuple[Identifier, ...], msgspec.Meta(max_length=1000)] = ()
    published_after: Timestamp | None = None
    published_before: Timestamp | None = None
    min_duration_s: Seconds | None = None
    max_duration_s: Seconds | None = None


class QuerySubmitted(Event, frozen=True, kw_only=True):
    """A person asks, by text, by example, or by both (composed: "like this, but at night")."""

    TYPE: ClassVar[str] = "vtr.query.submitted.v1"

    query_id: Identifier
    submitted_at: Timestamp
    tenant: Tenant = DEFAULT_TENANT
    text: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    example: Example | None = None
    filters: Filters = Filters()
    k: Annotated[int, msgspec.Meta(ge=1, le=200)] = 10
    group_by: Literal["video", "clip"] = "video"
    modalities: tuple[Modality, ...] = ("visual", "speech", "audio")
    user_id: Identifier | None = None
    budget_ms: Annotated[int, msgspec.Meta(ge=1, le=60_000)] = 2000
    heads: Annotated[tuple[HeadName, ...], msgspec.Meta(max_length=16)] | Literal["auto"] = "auto"
    """Which learned heads take part; ``auto``: those that beat the plain encoder, by their own cards."""

    def __post_init__(self) -> None:
        if not self.text.strip() and self.example is None:
            raise ValueError("text: is empty and no example is given")
        if not self.modalities:
            raise ValueError("modalities: is empty")

    @property
    def key(self) -> str:
        return self.query_id


class QueryEncoded(Event, frozen=True, kw_only=True):
    """A query with the vectors to search by, one for each modality that its model can search."""

    TYPE: ClassVar[str] = "vtr.query.encoded.v1"

    query: QuerySubmitted
    model: ModelVersion
    vectors: tuple[ModalityVector, ...] = ()
    """Empty when the query has no text: an example's vectors are looked up by ranking."""
    encode_ms: Annotated[float, msgspec.Meta(ge=0.0)] = 0.0
    cached: bool = False

    @property
    def key(self) -> str:
        return self.query.query_id
