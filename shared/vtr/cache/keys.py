"""Every key of vtr in Redis, in one place.

A part in braces is a hash tag of Redis Cluster: keys with the same tag live in one slot, so that they can
change in one transaction. Keys that hold a tenant's data carry the tenant.
"""

from __future__ import annotations

import hashlib

PREFIX = "vtr"

WATERMARK = f"{PREFIX}:watermark"
"""Hash written by the indexer: ``<topic>:<partition>`` to the RFC 3339 time before which all submitted there
is searchable. The watermark of an answer is the least of them."""


def progress(partition: int, what: str) -> str:
    """What the indexer knows of the submissions in a partition (see ``indexer.progress_redis``)."""
    return f"{PREFIX}:{{progress-{partition}}}:{what}"


def embedding(model: str, text: str) -> str:
    """The vector of a normalised ``text`` by a ``model`` version: float32 bytes, with a time to live.

    Free of tenants: the vector is a function of the text alone, and the text is not recoverable from the key.
    """
    digest = hashlib.blake2b(text.encode(), digest_size=20).hexdigest()
    return f"{PREFIX}:embedding:{model}:{digest}"


def history(tenant: str, user_id: str) -> str:
    """Hash: video_id to what this person did with it."""
    return f"{PREFIX}:{{{tenant}}}:person:{user_id}:history"


def video(tenant: str, video_id: str) -> str:
    """What recommendation knows of a video: metadata, content vector, clips seen."""
    return f"{PREFIX}:{{{tenant}}}:video:{video_id}"


def fresh_videos(tenant: str) -> str:
    """Sorted set: video_id by the time it became searchable (Unix seconds)."""
    return f"{PREFIX}:{{{tenant}}}:videos:fresh"


def popular_videos(tenant: str) -> str:
    """Sorted set: video_id by the forward-decayed number of people who liked what they saw of it."""
    return f"{PREFIX}:{{{tenant}}}:videos:popular"
