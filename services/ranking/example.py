"""Search by example: the direction of an indexed video or clip, alone or changed by words."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from vtr.contracts.events.queries import Example, Filters
from vtr.contracts.step import Rejected
from vtr.vectors.arrays import FloatArray, mean_direction
from vtr.vectors.store import ClipRow, CollectionInfo, VectorStore


@dataclass(frozen=True, slots=True)
class ExampleVector:
    """The direction [D] of an example in the space of ``model``, and what must not be among the answers.

    ``rows``: its clips, in the order of time.
    """

    model: str
    vector: FloatArray
    rows: tuple[ClipRow, ...] = ()
    video_id: str | None = None
    clip_id: str | None = None

    def excluding(self, filters: Filters) -> Filters:
        """``filters`` without the example's video; an example clip is left out by :meth:`is_itself`."""
        if self.video_id is None:
            return filters
        excluded = (*filters.exclude_video_ids, self.video_id)
        return msgspec.structs.replace(filters, exclude_video_ids=excluded)

    def is_itself(self, clip_id: str) -> bool:
        return clip_id == self.clip_id


def look_up(store: VectorStore, live: CollectionInfo | None, tenant: str, example: Example) -> ExampleVector:
    """The example's vector in the ``live`` visual collection: a video is the mean direction of its clips.

    Raises :class:`Rejected`: ``example-not-found``, or ``example-uri-not-supported`` for an example that is
    not in the index.
    """
    if example.uri is not None:
        raise Rejected(
            "example-uri-not-supported",
            "example.uri: only what is indexed can be an example; publish it first, then give its video_id",
        )
    what = (
        f"example.video_id: video {example.video_id!r}"
        if example.video_id is not None
        else f"example.clip_id: clip {example.clip_id!r}"
    )
    stored = (
        store.vectors_of(live.name, tenant, video_id=example.video_id, clip_id=example.clip_id)
        if live is not None
        else []
    )
    if live is None or not stored:
        raise Rejected("example-not-found", f"{what} is not indexed")
    return ExampleVector(
        model=live.model,
        vector=mean_direction(item.vector for item in stored),
        rows=tuple(item.row for item in stored),
        video_id=example.video_id,
        clip_id=example.clip_id,
    )


def compose(example: FloatArray, text: FloatArray) -> FloatArray:
    """The example changed by words: the direction [D] halfway between the two.

    The baseline that a trained composer (CoVR) has to beat. Raises :class:`Rejected` when they cancel out.
    """
    try:
        return mean_direction([example, text])
    except ValueError as error:
        raise Rejected("query-without-direction", f"text and example cancel out: {error}") from error
