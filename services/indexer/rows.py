"""From an encoded clip to the row and the vectors that the store keeps."""

from __future__ import annotations

from vtr.contracts.events import ClipEncoded
from vtr.contracts.events.videos import VideoMetadata
from vtr.contracts.step import Rejected
from vtr.contracts.vector import Modality
from vtr.vectors.arrays import FloatArray, normalised, to_array
from vtr.vectors.expressions import to_ms
from vtr.vectors.store import ClipRow, Version


def version_of(video: VideoMetadata) -> Version:
    """The version of its video that a clip belongs to."""
    return Version(to_ms(video.submitted_at), video.content_hash)


def row_of(clip: ClipEncoded) -> ClipRow:
    """The row of ``clip``, the same in each modality's collection."""
    video = clip.video
    return ClipRow(
        clip_id=clip.clip_id,
        tenant=video.tenant,
        video_id=video.video_id,
        content_hash=video.content_hash,
        submitted_at=video.submitted_at,
        ordinal=clip.ordinal,
        clip_count=clip.clip_count,
        t0_s=clip.t0_s,
        t1_s=clip.t1_s,
        duration_s=video.duration_s,
        uri=video.uri,
        frame_pack_uri=clip.frames.uri,
        frame_times_s=clip.frames.times_s,
        frame_vectors_uri=clip.frame_vectors.uri if clip.frame_vectors is not None else None,
        title=video.title,
        transcript=clip.transcript,
        language=video.language,
        tags=video.tags,
        published_at=video.published_at,
    )


def models_of(clip: ClipEncoded) -> dict[Modality, str]:
    """Whose vector each modality's is: the clip's model, unless the vector names one of its own."""
    return {item.modality: item.model or clip.model for item in clip.vectors}


def vectors_of(clip: ClipEncoded) -> dict[Modality, FloatArray]:
    """The unit vectors [D] of ``clip`` by modality.

    Raises :class:`Rejected` (``invalid-vector``) for a modality given twice, or a vector that has no
    direction: with one of those in an index, cosines are meaningless.
    """
    vectors: dict[Modality, FloatArray] = {}
    for item in clip.vectors:
        if item.modality in vectors:
            raise Rejected("invalid-vector", f"vectors: {item.modality} is given twice in {clip.clip_id}")
        try:
            vectors[item.modality] = normalised(to_array(item.vector))
        except ValueError as error:
            raise Rejected(
                "invalid-vector", f"vectors: {item.modality} of {clip.clip_id}: {error}"
            ) from error
    return vectors
