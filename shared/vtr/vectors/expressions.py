"""Filters as boolean expressions of Milvus, safe for any text that a filter may hold.

Whatever comes from outside enters an expression as a quoted literal made by :func:`literal` or as a number;
no other text of a caller is ever pasted in.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from vtr.contracts.events.queries import Filters

UNKNOWN_TIME_MS = -(2**62)
"""What ``published_at`` holds where it is not known: it passes no condition on the time of publication."""

_ESCAPES = str.maketrans({'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def to_ms(time: datetime) -> int:
    """Unix milliseconds, rounded down; exact over the whole range of ``datetime``."""
    return (time - _EPOCH) // _MS


def from_ms(value: int) -> datetime:
    return _EPOCH + value * _MS


def literal(text: str) -> str:
    """``text`` as a string literal, with the escapes that Milvus and Milvus Lite both read.

    Within double quotes only a quote, a backslash and the ends of a line mean something; any other
    character, control characters too, stands for itself.
    """
    return f'"{text.translate(_ESCAPES)}"'


def literals(texts: Iterable[str]) -> str:
    return "[" + ", ".join(literal(text) for text in texts) + "]"


def number(value: float) -> str:
    """``value`` as a literal. Raises ``ValueError`` for one that is not finite."""
    if not math.isfinite(value):
        raise ValueError(f"filters: {value} is not a finite number")
    return repr(value)


def of_tenant(tenant: str, *conditions: str) -> str:
    """``conditions`` all fulfilled, among the rows of ``tenant`` alone."""
    return " and ".join([f"tenant == {literal(tenant)}", *conditions])


def of_filters(tenant: str, filters: Filters) -> str:
    """What a search of ``tenant`` with ``filters`` may return.

    Languages match as RFC 4647 basic filtering does: "en" finds "en" and "en-GB", whatever the case. Tags:
    any of them, exactly. ``published_after`` and the durations include their bounds, ``published_before``
    does not.
    """
    conditions: list[str] = []
    if filters.languages:
        ranges = [language.lower() for language in filters.languages]
        exact = f"language in {literals(ranges)}"
        longer = [f"language like {literal(language + '-%')}" for language in ranges]
        conditions.append("(" + " or ".join([exact, *longer]) + ")")
    if filters.tags:
        conditions.append(f"array_contains_any(tags, {literals(filters.tags)})")
    if filters.video_ids:
        conditions.append(f"video_id in {literals(filters.video_ids)}")
    if filters.exclude_video_ids:
        conditions.append(f"video_id not in {literals(filters.exclude_video_ids)}")
    if filters.published_after is not None:
        conditions.append(f"published_at >= {to_ms(filters.published_after)}")
    if filters.published_before is not None:
        conditions.append(f"published_at < {to_ms(filters.published_before)}")
        conditions.append(f"published_at > {UNKNOWN_TIME_MS}")
    if filters.min_duration_s is not None:
        conditions.append(f"duration_s >= {number(filters.min_duration_s)}")
    if filters.max_duration_s is not None:
        conditions.append(f"duration_s <= {number(filters.max_duration_s)}")
    return of_tenant(tenant, *conditions)
