"""Ids that are a function of what they name, so that doing a thing twice writes it once."""

from __future__ import annotations

import hashlib

CLIP_ID_DIGITS = 32
VIDEO_ID_DIGITS = 24


def clip_id(tenant: str, video_id: str, t0_s: float, t1_s: float) -> str:
    """The id of the shot [t0_s, t1_s) of a video: stable over replays, distinct over tenants.

    Times are taken at millisecond precision, so that a float's last bit cannot make two clips of one.
    """
    name = f"{tenant}\x00{video_id}\x00{round(t0_s * 1000)}\x00{round(t1_s * 1000)}"
    return hashlib.blake2b(name.encode(), digest_size=CLIP_ID_DIGITS // 2).hexdigest()


def video_id(tenant: str, uri: str) -> str:
    """The id of a video whose submitter gave none: the same uri submitted again replaces itself."""
    digest = hashlib.blake2b(f"{tenant}\x00{uri}".encode(), digest_size=VIDEO_ID_DIGITS // 2).hexdigest()
    return f"v-{digest}"
