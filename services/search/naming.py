"""Ids that are a function of what they name, so that a repeated event or request doubles nothing."""

from __future__ import annotations

import hashlib


def impression_id(query_id: str, video_id: str) -> str:
    """The id of "this video was shown as an answer to this query"."""
    return "impression-" + _digest(query_id, video_id)


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\x00".join(parts).encode(), digest_size=12).hexdigest()
