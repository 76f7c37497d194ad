"""The answer to a query."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from vtr.contracts.envelope import DEFAULT_TENANT
from vtr.contracts.events.base import Event, Identifier, ModelVersion, Seconds, Tag, Tenant, Timestamp, Uri
from vtr.contracts.events.queries import HeadName
from vtr.contracts.vector import Modality


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """The part ``[start_s, end_s)`` of the video that matches, and how well."""

    start_s: Seconds
    end_s: Seconds
    score: float


class BestFrame(msgspec.Struct, frozen=True, kw_only=True):
    """The frame of a clip that is nearest to the query: its time in the video and its place in the pack."""

    time_s: Seconds
    index: Annotated[int, msgspec.Meta(ge=0)]
    frame_pack_uri: Uri
    score: float


class ModalityShare(msgspec.Struct, frozen=True, kw_only=True):
    """What one modality gave to a hit: its cosine, its rank there, its share of the fused score (0 to 1)."""

    modality: Modality
    cosine: float
    rank: Annotated[int, msgspec.Meta(ge=1)]
    share: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


class HeadPart(msgspec.Struct, frozen=True, kw_only=True):
    """What a learned head made of a hit's clip.

    ``weight * score`` was added to the clip's visual cosine before clips were ranked by it; with weight 0 the
    head only explains. ``gates``: how much each of its experts counted (CAMoE), sum 1.
    """

    head: HeadName
    score: float
    weight: float = 0.0
    gates: dict[str, float] = msgspec.field(default_factory=dict)


class HeatMap(msgspec.Struct, frozen=True, kw_only=True):
    """Where in one frame the words are met: ``values`` row by row, the hottest cell 1.

    ``index``: of the frame in the hit's frame pack. ``share``: of the clip's heat, what this frame has.
    """

    index: Annotated[int, msgspec.Meta(ge=0)]
    time_s: Seconds
    rows: Annotated[int, msgspec.Meta(ge=1, le=64)]
    columns: Annotated[int, msgspec.Meta(ge=1, le=64)]
    values: tuple[float, ...]
    share: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] = 0.0

    def __post_init__(self) -> None:
        if len(self.values) != self.rows * self.columns:
            raise ValueError(f"values: {len(self.values)}, but {self.rows} x {self.columns} are needed")


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """How the thing asked for is done: the cosines of the adverb that the text names and of its antonym."""

    action: str
    adverb: str
    antonym: str
    score: float
    antonym_score: float


class ClipHit(msgspec.Struct, frozen=True, kw_only=True):
    """A clip of a hit's video that matched too."""

    clip_id: Identifier
    t0_s: Seconds
    t1_s: Seconds
    score: float


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """One answer: the best clip of a video (or the clip itself), with the reasons."""

    rank: Annotated[int, msgspec.Meta(ge=1)]
    video_id: Identifier
    clip_id: Identifier
    score: float
    t0_s: Seconds
    t1_s: Seconds
    moment: Moment
    uri: Uri
    title: str = ""
    duration_s: Seconds = 0.0
    tags: tuple[Tag, ...] = ()
    language: str | None = None
    transcript: str = ""
    best_frame: BestFrame | None = None
    shares: tuple[ModalityShare, ...] = ()
    other_clips: tuple[ClipHit, ...] = ()
    heads: tuple[HeadPart, ...] = ()
    moments: tuple[Moment, ...] = ()
    """Moments of the clip by a head, best first, with probabilities as scores; the first is ``moment``."""
    heat: HeatMap | None = None
    manner: Manner | None = None


class SkippedStage(msgspec.Struct, frozen=True, kw_only=True):
    """A stage that did not run, and why: an answer never hides that it is partial."""

    stage: str
    reason: str


class HeadUsed(msgspec.Struct, frozen=True, kw_only=True):
    """A head that took part: which weights, how many clips it looked at, and what else it tells.

    ``details`` of the composer (CoVR): ``kept``, the share of the example that the composed query keeps.
    """

    head: HeadName
    version: str
    candidates: Annotated[int, msgspec.Meta(ge=0)] = 0
    details: dict[str, float] = msgspec.field(default_factory=dict)


class ResultsRanked(Event, frozen=True, kw_only=True):
    """The ranked answer to a query, with what it rests on."""

    TYPE: ClassVar[str] = "vtr.results.ranked.v1"

    query_id: Identifier
    answered_at: Timestamp
    model: ModelVersion
    hits: tuple[Hit, ...]
    tenant: Tenant = DEFAULT_TENANT
    user_id: Identifier | None = None
    text: str = ""
    candidates: Annotated[int, msgspec.Meta(ge=0)] = 0
    watermark: Timestamp | None = None
    """Everything submitted before it was searchable when this answer was made; None: nothing is indexed."""
    skipped: tuple[SkippedStage, ...] = ()
    degraded: bool = False
    """Whether a skipped stage may have changed the hits."""
    took_ms: dict[str, float] = msgspec.field(default_factory=dict)
    heads: tuple[HeadUsed, ...] = ()

    @property
    def key(self) -> str:
        return self.query_id
