"""Events about what people do, and what is recommended to them."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec

from vtr.contracts.envelope import DEFAULT_TENANT
from vtr.contracts.events.base import Event, Identifier, Seconds, Tenant, Timestamp, scoped

InteractionKind = Literal["impression", "click", "watch", "skip", "like", "rating", "satisfaction"]

_NEEDS_VALUE = {"rating", "satisfaction"}


class InteractionRecorded(Event, frozen=True, kw_only=True):
    """A person saw, opened, watched, skipped or judged a video.

    ``watch_s`` belongs to ``watch``; ``value`` in [-1, 1] to ``rating`` and ``satisfaction``.
    """

    TYPE: ClassVar[str] = "vtr.interaction.recorded.v1"

    interaction_id: Identifier
    user_id: Identifier
    video_id: Identifier
    kind: InteractionKind
    occurred_at: Timestamp
    tenant: Tenant = DEFAULT_TENANT
    clip_id: Identifier | None = None
    query_id: Identifier | None = None
    session_id: Identifier | None = None
    position: Annotated[int, msgspec.Meta(ge=1)] | None = None
    watch_s: Seconds | None = None
    value: Annotated[float, msgspec.Meta(ge=-1.0, le=1.0)] | None = None

    def __post_init__(self) -> None:
        if (self.kind == "watch") != (self.watch_s is not None):
            raise ValueError("watch_s: is given with kind 'watch', and only then")
        if (self.kind in _NEEDS_VALUE) != (self.value is not None):
            raise ValueError("value: is given with kinds 'rating' and 'satisfaction', and only then")

    @property
    def key(self) -> str:
        return scoped(self.tenant, self.user_id)


class RecommendedItem(msgspec.Struct, frozen=True, kw_only=True):
    """One recommended video, the clip to start at, and why."""

    rank: Annotated[int, msgspec.Meta(ge=1)]
    video_id: Identifier
    clip_id: Identifier
    score: float
    reason: str
    title: str = ""
    start_s: Seconds = 0.0
    because_video_id: Identifier | None = None


class RecommendationUpdated(Event, frozen=True, kw_only=True):
    """A person's new feed. ``interactions`` counts the events the profile rests on (0: cold start)."""

    TYPE: ClassVar[str] = "vtr.recommendation.updated.v1"

    user_id: Identifier
    updated_at: Timestamp
    items: tuple[RecommendedItem, ...]
    model: str
    tenant: Tenant = DEFAULT_TENANT
    interactions: Annotated[int, msgspec.Meta(ge=0)] = 0

    @property
    def key(self) -> str:
        return scoped(self.tenant, self.user_id)
