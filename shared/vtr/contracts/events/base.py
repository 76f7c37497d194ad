"""What every event has in common, and the constrained types that events are made of."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

import msgspec

Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9._:@-]+$")]
"""Ids travel in keys, object paths, cache keys and filter expressions, so their alphabet is narrow."""

Tenant = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9-]*$")]
Uri = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
Timestamp = Annotated[datetime, msgspec.Meta(tz=True)]
"""A point in time with its timezone; RFC 3339 in JSON."""

Seconds = Annotated[float, msgspec.Meta(ge=0.0)]
Language = Annotated[str, msgspec.Meta(max_length=35, pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")]
"""A BCP 47 language tag."""

Tag = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
ModelVersion = Annotated[str, msgspec.Meta(min_length=1, max_length=120, pattern=r"^[a-z0-9_-]+$")]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all events. ``TYPE`` is both the CloudEvents type and the topic."""

    TYPE: ClassVar[str]

    @property
    def key(self) -> str:
        """The ordering unit: events with the same key are handled one after another."""
        raise NotImplementedError


def scoped(tenant: str, name: str) -> str:
    """A key that two tenants never share: in a compacted topic the last record of a key is all that stays."""
    return f"{tenant}/{name}"
