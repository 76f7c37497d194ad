"""Answers and statuses, for the tests of search."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from vtr.contracts.envelope import Envelope
from vtr.contracts.events import Event, ResultsRanked, VideoStatus
from vtr.contracts.events.results import BestFrame, Hit, Moment
from vtr.contracts.events.videos import Failure
from vtr.contracts.step import Message

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)


def hit(video_id: str, rank: int = 1, **fields: Any) -> Hit:
    given: dict[str, Any] = {
        "rank": rank,
        "video_id": video_id,
        "clip_id": f"{video_id}-clip",
        "score": 0.9,
        "t0_s": 1.0,
        "t1_s": 4.0,
        "moment": Moment(start_s=2.0, end_s=3.0, score=0.9),
        "uri": f"https://example.org/{video_id}.mp4",
        "title": f"Title of {video_id}",
        "best_frame": BestFrame(time_s=2.0, index=0, frame_pack_uri="file:///o/frames.zip", score=0.9),
    }
    return Hit(**(given | fields))


def answer(*hits: Hit, query_id: str = "q1", tenant: str = "acme", **fields: Any) -> ResultsRanked:
    return ResultsRanked(query_id=query_id, answered_at=NOW, model="m-1", hits=hits, tenant=tenant, **fields)


def status(
    video_id: str, stage: Any = "received", *, submitted_at: datetime = NOW, **fields: Any
) -> VideoStatus:
    failure = None
    if stage == "failed":
        failure = Failure(code="broken", message="no frames", service="video_ingest")
    given: dict[str, Any] = {
        "video_id": video_id,
        "stage": stage,
        "submitted_at": submitted_at,
        "updated_at": submitted_at,
        "tenant": "acme",
        "failure": failure,
    }
    return VideoStatus(**(given | fields))


def message(event: Event) -> Message[Any]:
    return Message(event, Envelope.root(event.TYPE, source="test"))
