"""Where a video's objects lie.

Everything of a video is below ``<tenant>/<video_id>/``, everything of one version of it below its content
hash, so that deleting is removing a prefix::

    <tenant>/<video_id>/<content_hash>/version.json
    <tenant>/<video_id>/<content_hash>/shots/<ordinal>.json
    <tenant>/<video_id>/<content_hash>/<clip_id>/frames.zip
    <tenant>/<video_id>/<content_hash>/<clip_id>/audio.flac
    <tenant>/<video_id>/<content_hash>/<clip_id>/<model>/frames.npy
"""

from __future__ import annotations

from vtr.media.objects import ObjectPathError, check_path


def video_prefix(tenant: str, video_id: str) -> str:
    """The prefix of everything that is stored for a video."""
    return _join(tenant, video_id)


def version_prefix(tenant: str, video_id: str, content_hash: str) -> str:
    """The prefix of one version of a video."""
    return _join(tenant, video_id, content_hash)


def version_record(tenant: str, video_id: str, content_hash: str) -> str:
    """What was submitted last with this content (see video_ingest)."""
    return _join(tenant, video_id, content_hash, "version.json")


def shot_record(tenant: str, video_id: str, content_hash: str, ordinal: int) -> str:
    """The record that the ``ordinal``-th shot of a version is finished."""
    return _join(tenant, video_id, content_hash, "shots", f"{ordinal:06d}.json")


def frame_pack(tenant: str, video_id: str, content_hash: str, clip_id: str) -> str:
    """A clip's keyframes."""
    return _join(tenant, video_id, content_hash, clip_id, "frames.zip")


def audio(tenant: str, video_id: str, content_hash: str, clip_id: str) -> str:
    """A clip's sound: FLAC, 16 kHz, mono."""
    return _join(tenant, video_id, content_hash, clip_id, "audio.flac")


def frame_vectors(tenant: str, video_id: str, content_hash: str, clip_id: str, model: str) -> str:
    """A clip's per-frame vectors by one model: ``.npy`` [frames, dim]."""
    return _join(tenant, video_id, content_hash, clip_id, model, "frames.npy")


def _join(*segments: str) -> str:
    return check_path("/".join(_escape(segment) for segment in segments))


def _escape(segment: str) -> str:
    """Ids may be ``.`` or ``..``; ``%`` is in no id's alphabet, so the escaped name collides with none."""
    if "/" in segment or "%" in segment:
        raise ObjectPathError(f"object path: {segment!r} is not an id")
    if segment.strip(".") == "":
        return segment.replace(".", "%2E")
    if segment.startswith(".tmp-"):
        return f"%2E{segment[1:]}"
    return segment
