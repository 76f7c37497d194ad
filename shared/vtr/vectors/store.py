"""What a vector store is to the services: rows of clips in, the nearest clips out.

One collection holds one modality of one model version, so that vectors of different models can never be
compared by accident. Readers go through the *live* collection of a modality, which an alias names and a
re-index flips. Every operation raises :class:`~vtr.contracts.step.Unavailable` when the store does not
answer.

Times are kept at millisecond precision. A *version* of a video is one submission of one content: the pair
``(submitted_at, content_hash)``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from vtr.contracts.events.queries import Filters
from vtr.contracts.vector import Modality
from vtr.vectors.arrays import FloatArray


class Version(NamedTuple):
    """One submission of one content of a video; ordered by when it was submitted (unix milliseconds)."""

    submitted_ms: int
    content_hash: str


@dataclass(frozen=True, slots=True)
class ClipRow:
    """What the store keeps of a clip beside its vector.

    ``clip_count`` is set on the last clip of a video only. ``frame_times_s[i]`` is the time in the video of
    the frame pack's i-th frame and of row i of the frame vectors.
    """

    clip_id: str
    tenant: str
    video_id: str
    content_hash: str
    submitted_at: datetime
    ordinal: int
    t0_s: float
    t1_s: float
    duration_s: float
    uri: str
    frame_pack_uri: str
    frame_times_s: tuple[float, ...]
    frame_vectors_uri: str | None = None
    clip_count: int | None = None
    title: str = ""
    transcript: str = ""
    language: str | None = None
    tags: tuple[str, ...] = ()
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A clip that a search found; ``cosine`` in [-1, 1] to the query vector."""

    row: ClipRow
    cosine: float


@dataclass(frozen=True, slots=True)
class StoredVector:
    """A clip with the vector [D] that the store holds for it."""

    row: ClipRow
    vector: FloatArray


@dataclass(frozen=True, slots=True)
class ClipMark:
    """The little of a clip's row that tells which clips of which version of a video are present."""

    clip_id: str
    video_id: str
    version: Version
    ordinal: int
    clip_count: int | None


@dataclass(frozen=True, slots=True)
class CollectionInfo:
    """One collection: a modality of a model version, vectors of ``dim`` elements. The live one answers."""

    name: str
    model: str
    modality: Modality
    dim: int
    live: bool


class VectorStore(Protocol):
    """Clips by vector. All methods are safe to call from several threads."""

    def ensure_collection(self, model: str, modality: Modality, dim: int) -> CollectionInfo:
        """The collection of this model and modality, created where it is missing.

        Raises ``ValueError`` when it exists with another ``dim``.
        """
        ...

    def collections(self) -> list[CollectionInfo]:
        """All collections, by name."""
        ...

    def live(self, modality: Modality) -> CollectionInfo | None:
        """The collection that answers queries of this modality; None before the first clip."""
        ...

    def set_live(self, modality: Modality, model: str) -> str | None:
        """Make ``model`` answer queries of ``modality``; returns the model that did so before.

        Atomic: a search sees the one or the other. Raises ``KeyError`` when it has no such collection.
        """
        ...

    def upsert(self, collection: str, rows: Sequence[ClipRow], vectors: FloatArray) -> None:
        """Write ``rows`` with ``vectors`` [N, D] by clip_id: what was there under the same id is replaced."""
        ...

    def search(
        self, collection: str, vector: FloatArray, *, tenant: str, filters: Filters, limit: int
    ) -> list[Candidate]:
        """The ``limit`` clips of ``tenant`` nearest to ``vector`` [D] that pass ``filters``, best first.

        Raises ``ValueError`` when the vector's length is not the collection's.
        """
        ...

    def marks_of_videos(
        self, collection: str, tenant: str, video_ids: Collection[str], *, barrier: bool
    ) -> list[ClipMark]:
        """Which clips of these videos are present.

        With ``barrier``, waits until everything written before this call is visible to every search that
        starts after it returned; without, it may see the state of a moment ago.
        """
        ...

    def rows_of_video(self, collection: str, tenant: str, video_id: str) -> list[ClipRow]:
        """The clips of one video in the order of time."""
        ...

    def vectors_of(
        self, collection: str, tenant: str, *, video_id: str | None = None, clip_id: str | None = None
    ) -> list[StoredVector]:
        """The vectors of one clip or of all clips of a video, in the order of time."""
        ...

    def delete_video(self, tenant: str, video_id: str, *, submitted_until: datetime) -> None:
        """Remove the video from every collection, as far as it was submitted up to ``submitted_until``."""
        ...

    def delete_superseded(self, collection: str, tenant: str, video_id: str, keep: Version) -> None:
        """Remove the video's rows of every version that was not submitted after ``keep``, but ``keep``."""
        ...

    def count(self, collection: str, tenant: str | None = None) -> int:
        """Rows of a tenant, or of all."""
        ...

    def flush(self) -> None:
        """Make what was written durable, and fast to search."""
        ...

    def ping(self) -> None:
        """Raises :class:`~vtr.contracts.step.Unavailable` when the store does not answer."""
        ...

    def close(self) -> None: ...
