"""Events about clips: the shots of a video, from extraction to being searchable."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec

from vtr.contracts.envelope import DEFAULT_TENANT
from vtr.contracts.events.base import Event, Identifier, ModelVersion, Seconds, Tenant, Timestamp, Uri, scoped
from vtr.contracts.events.videos import VideoMetadata
from vtr.contracts.vector import ModalityVector, VectorDtype


class FramePackRef(msgspec.Struct, frozen=True, kw_only=True):
    """Where a clip's keyframes lie: ``times_s[i]`` is the time in the video of the pack's i-th frame."""

    uri: Uri
    times_s: Annotated[tuple[Seconds, ...], msgspec.Meta(min_length=1, max_length=1024)]
    width: Annotated[int, msgspec.Meta(ge=1)]
    height: Annotated[int, msgspec.Meta(ge=1)]


class FrameVectorsRef(msgspec.Struct, frozen=True, kw_only=True):
    """Where a clip's per-frame vectors lie: a .npy array [frames, dim], rows as in the frame pack."""

    uri: Uri
    frames: Annotated[int, msgspec.Meta(ge=1)]
    dim: Annotated[int, msgspec.Meta(ge=1)]
    dtype: VectorDtype


class _Clip(Event, frozen=True, kw_only=True):
    """What identifies a clip: the shot ``[t0_s, t1_s)`` of a video, the ``ordinal``-th from 0.

    ``clip_count`` is set on the last clip of a video only: the number is not known while decoding streams.
    """

    clip_id: Identifier
    video: VideoMetadata
    ordinal: Annotated[int, msgspec.Meta(ge=0)]
    t0_s: Seconds
    t1_s: Seconds
    frames: FramePackRef
    clip_count: Annotated[int, msgspec.Meta(ge=1)] | None = None
    transcript: Annotated[str, msgspec.Meta(max_length=100_000)] = ""

    def __post_init__(self) -> None:
        if self.t1_s <= self.t0_s:
            raise ValueError(f"t1_s: {self.t1_s} is not after t0_s {self.t0_s}")

    @property
    def key(self) -> str:
        return scoped(self.video.tenant, self.video.video_id)


class ClipExtracted(_Clip, frozen=True, kw_only=True):
    """A shot was cut out of a video; its keyframes lie in a frame pack."""

    TYPE: ClassVar[str] = "vtr.clip.extracted.v1"

    transcript_source: Literal["none", "captions", "sidecar", "subtitles", "recognised"] = "none"
    audio_uri: Uri | None = None


class ClipEncoded(_Clip, frozen=True, kw_only=True):
    """A clip was embedded: one vector for each modality that it has, by one model version."""

    TYPE: ClassVar[str] = "vtr.clip.encoded.v1"

    model: ModelVersion
    vectors: Annotated[tuple[ModalityVector, ...], msgspec.Meta(min_length=1)]
    frame_vectors: FrameVectorsRef | None = None


class ClipIndexed(Event, frozen=True, kw_only=True):
    """A clip is searchable.

    ``watermark``: everything submitted before it, in this partition of the pipeline, is searchable.
    ``video_complete``: with this clip, all ``clip_count`` clips of the video are.
    """

    TYPE: ClassVar[str] = "vtr.clip.indexed.v1"

    clip_id: Identifier
    video: VideoMetadata
    ordinal: Annotated[int, msgspec.Meta(ge=0)]
    t0_s: Seconds
    t1_s: Seconds
    model: ModelVersion
    collection: str
    indexed_at: Timestamp
    watermark: Timestamp
    vectors: tuple[ModalityVector, ...] = ()
    video_complete: bool = False
    clip_count: int | None = None
    tenant: Tenant = DEFAULT_TENANT

    @property
    def key(self) -> str:
        return scoped(self.video.tenant, self.video.video_id)
