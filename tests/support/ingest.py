"""video_ingest's step on real files, without Kafka."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from video_ingest.fetch import Fetcher
from video_ingest.handler import IngestStep
from video_ingest.settings import CutSettings, DecodeSettings, FetchSettings, IngestSettings
from video_ingest.video import MediaFiles
from vtr.contracts.envelope import Envelope
from vtr.contracts.events import ClipExtracted, Event, VideoStatus, VideoSubmitted
from vtr.contracts.step import Message, Rejected
from vtr.media.objects import ObjectStore

SUBMITTED_AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


class NoTombstones:
    """Nothing is deleted."""

    def covers(self, tenant: str, video_id: str, submitted_at: datetime) -> bool:
        return False


def submitted(uri: Path | str, video_id: str = "v1", **more: object) -> Message[VideoSubmitted]:
    """A submission as a message."""
    fields: dict[str, object] = {"submitted_at": SUBMITTED_AT, **more}
    event = VideoSubmitted(video_id=video_id, uri=str(uri), **fields)  # type: ignore[arg-type]
    return Message(event, Envelope.root(event.TYPE, source="test"))


def ingest_settings(folder: Path, **cut: object) -> IngestSettings:
    """The default settings, with all that is written below ``folder``."""
    return IngestSettings(
        fetch=FetchSettings(spool_dir=folder / "spool", spool_reserve_bytes=0),
        decode=DecodeSettings(threads=1),
        cut=CutSettings.model_validate(cut),
    )


def ingest_step(
    settings: IngestSettings, objects: ObjectStore, *, tombstones: object | None = None
) -> IngestStep:
    """The step over the real fetcher and the real decoder."""
    return IngestStep(
        sources=Fetcher(settings.fetch),
        videos=MediaFiles(settings.decode, settings.cut),
        objects=objects,
        tombstones=tombstones or NoTombstones(),  # type: ignore[arg-type]
        fingerprint=settings.fingerprint(),
    )


@dataclass
class Outcome:
    """What became of one submission."""

    events: list[Event] = field(default_factory=list)
    error: Rejected | None = None

    @property
    def clips(self) -> list[ClipExtracted]:
        return [event for event in self.events if isinstance(event, ClipExtracted)]

    @property
    def statuses(self) -> list[VideoStatus]:
        return [event for event in self.events if isinstance(event, VideoStatus)]

    @property
    def stages(self) -> list[str]:
        return [status.stage for status in self.statuses]


def run(step: IngestStep, message: Message[VideoSubmitted]) -> Outcome:
    """Handle a message as the consumer loop would, up to the dead letters."""
    outcome = Outcome()
    try:
        for emit in step.handle([message]):
            outcome.events.append(emit.event)
    except Rejected as error:
        outcome.error = error
        outcome.events.extend(emit.event for emit in step.rejected(message, error))
    return outcome


def stop_after(step: IngestStep, message: Message[VideoSubmitted], clips: int) -> list[ClipExtracted]:
    """Handle a message until so many clips have come, then drop it, as a crash would."""
    seen: list[ClipExtracted] = []
    events: Iterator[Event] = (emit.event for emit in step.handle([message]))
    for event in events:
        if isinstance(event, ClipExtracted):
            seen.append(event)
        if len(seen) == clips:
            break
    return seen
