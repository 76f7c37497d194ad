"""Where a video's objects lie.

Everything of a video is below ``<tenant>/<video_id>/``, everything of one version of it below its content
hash, so that deleting is removing a prefix::

    <tenant>/<video_id>/<content_hash>/version.json
    <tenant>/<video_id>/<content_hash>/shots/<ordinal>.json
    <tenant>/<video_id>/<content_hash>/<clip_id>/frames.zip
    <tenant>/<video_id>/<content_hash>/<clip_id>/audio.flac
    <tenant>/<video_id>/<content_hash>/<clip_id>/<model>/frames.npy
    <tenant>/<video_id>/<content_hash>/<clip_id>/<model>/states.npz

Published models belong to no tenant. No tenant's name begins with ``_``, so no deletion reaches them::

    _models/<model>/current.json
    _models/<model>/revisions/<revision>.json
    _models/<model>/blobs/<sha256>
"""

from __future__ import annotations

from vtr.media.objects import ObjectPathError, check_path

MODELS = "_models"
"""The prefix of all published models."""

_VECTORS, _STATES = "frames.npy", "states.npz"


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
    return _join(tenant, video_id, content_hash, clip_id, model, _VECTORS)


def clip_states(tenant: str, video_id: str, content_hash: str, clip_id: str, model: str) -> str:
    """What one model's towers saw in a clip, for its heads (see :mod:`vtr.models.encoders.clip_states`)."""
    return _join(tenant, video_id, content_hash, clip_id, model, _STATES)


def states_beside(frame_vectors_uri: str) -> str:
    """The uri of a clip's states, given that of its per-frame vectors. Whether they exist, the store knows.

    Raises :class:`~vtr.media.objects.ObjectPathError` for a uri that is not one of per-frame vectors.
    """
    folder, _, name = frame_vectors_uri.rpartition("/")
    if name != _VECTORS or not folder:
        raise ObjectPathError(f"uri: {frame_vectors_uri!r} is not that of per-frame vectors")
    return f"{folder}/{_STATES}"


def model_current(model: str) -> str:
    """Which revision of a published model is picked up."""
    return _join(MODELS, model, "current.json")


def model_manifests(model: str) -> str:
    """The prefix of a published model's revisions."""
    return _join(MODELS, model, "revisions")


def model_manifest(model: str, revision: str) -> str:
    """What one revision of a published model consists of."""
    return _join(MODELS, model, "revisions", f"{revision}.json")


def model_blob(model: str, sha256: str) -> str:
    """One file of a published model, by its content."""
    return _join(MODELS, model, "blobs", sha256)


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
