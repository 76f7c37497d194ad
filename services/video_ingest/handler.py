"""The steps of video_ingest: a submission becomes clips, a deletion removes them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime

from video_ingest import transcript
from video_ingest.checkpoint import Checkpoint, ShotRecord, forget
from video_ingest.ports import LocalFile, Objects, OpenVideo, Shot, Sources, Videos
from vtr.contracts.events import ClipExtracted, Event, VideoDeleted, VideoStatus, VideoSubmitted
from vtr.contracts.events.clips import FramePackRef
from vtr.contracts.events.videos import Failure, Stage, VideoMetadata
from vtr.contracts.ids import clip_id
from vtr.contracts.step import Emit, Message, Rejected
from vtr.contracts.tombstones import Tombstones
from vtr.media import layout
from vtr.media.framepack import write_pack
from vtr.observability import metrics
from vtr.observability.logging import get_logger

SERVICE = "video_ingest"

_MAX_MESSAGE = 2000
_MAX_NOTES = 32


class _DeletedMeanwhile(Exception):  # noqa: N818  (ends the work on a video; nothing is wrong)
    """A tombstone appeared for the video that is being worked on."""


class IngestStep:
    """``video.submitted`` -> ``video.status`` and ``clip.extracted``, one clip after another.

    ``fingerprint`` names the settings that decide how videos are cut; it is part of the content hash, so that
    cutting a video anew under other settings makes a new version of it, which replaces the old one.
    """

    def __init__(
        self,
        *,
        sources: Sources,
        videos: Videos,
        objects: Objects,
        tombstones: Tombstones,
        fingerprint: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._sources = sources
        self._videos = videos
        self._objects = objects
        self._tombstones = tombstones
        self._fingerprint = fingerprint
        self._now = now
        self._log = get_logger(SERVICE)

    def handle(self, batch: Sequence[Message[VideoSubmitted]]) -> Iterable[Emit]:
        """Cut each video of ``batch``; clips are yielded as they are made."""
        for message in batch:
            try:
                yield from self._ingest(message)
            except _DeletedMeanwhile:
                metrics.VIDEOS_INGESTED.labels("deleted").inc()
                self._log.info("deleted, not ingested", video_id=message.event.video_id)

    def rejected(self, message: Message[VideoSubmitted], error: Rejected) -> Iterable[Emit]:
        """The video's status becomes ``failed``, with the reason."""
        metrics.VIDEOS_INGESTED.labels("rejected").inc()
        self._log.warning(
            "rejected", video_id=message.event.video_id, code=error.code, reason=error.message[:_MAX_MESSAGE]
        )
        failure = Failure(code=error.code, message=error.message[:_MAX_MESSAGE], service=SERVICE)
        yield self._status(message, "failed", failure=failure)

    def flush(self) -> None:
        """Nothing to do: the object store's puts are durable."""

    def _ingest(self, message: Message[VideoSubmitted]) -> Iterator[Emit]:
        event = message.event
        self._check_deleted(event)
        yield self._status(message, "received")
        with (
            self._sources.open(event.uri) as file,
            self._videos.open(file.path, name=event.uri, language=event.language) as video,
        ):
            work = _Work(self._objects, event, video, self._content_hash(file))
            work.begin(transcript.collect(event, self._sources, video.subtitles))
            yield from self._clips(message, work)
        metrics.VIDEOS_INGESTED.labels("decoded").inc()

    def _clips(self, message: Message[VideoSubmitted], work: _Work) -> Iterator[Emit]:
        cause: Message[Event] = message
        for record in work.records():
            self._check_deleted(message.event, work)
            if record.last:
                # Before the clip that completes the video: its "searchable" must be the later status.
                yield self._status(
                    message,
                    "decoded",
                    duration_s=round(record.t1_s, 3),
                    clips_extracted=record.ordinal + 1,
                    notes=record.notes[:_MAX_NOTES],
                )
            metrics.CLIPS_EXTRACTED.inc()
            yield Emit(work.event(record), cause)

    def _check_deleted(self, event: VideoSubmitted, work: _Work | None = None) -> None:
        if self._tombstones.covers(event.tenant, event.video_id, event.submitted_at):
            if work is not None:
                work.discard()
            raise _DeletedMeanwhile

    def _content_hash(self, file: LocalFile) -> str:
        return hashlib.blake2b(f"{file.digest} {self._fingerprint}".encode(), digest_size=16).hexdigest()

    def _status(
        self,
        message: Message[VideoSubmitted],
        stage: Stage,
        *,
        failure: Failure | None = None,
        duration_s: float | None = None,
        clips_extracted: int | None = None,
        notes: tuple[str, ...] = (),
    ) -> Emit:
        event = message.event
        status = VideoStatus(
            video_id=event.video_id,
            stage=stage,
            submitted_at=event.submitted_at,
            updated_at=self._now(),
            tenant=event.tenant,
            service=SERVICE,
            failure=failure,
            duration_s=duration_s,
            clips_extracted=clips_extracted,
            notes=notes,
        )
        return Emit(status, message)


class DeletionStep:
    """``video.deleted`` -> the video's objects are gone."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._log = get_logger(SERVICE)

    def handle(self, batch: Sequence[Message[VideoDeleted]]) -> Iterable[Emit]:
        """Remove what was submitted up to the deletion; later submissions of the same id stay."""
        for message in batch:
            event = message.event
            removed = forget(self._objects, event.tenant, event.video_id, event.deleted_at)
            self._log.info("deleted", video_id=event.video_id, objects=removed)
        return ()

    def rejected(self, message: Message[VideoDeleted], error: Rejected) -> Iterable[Emit]:
        """Nothing to tell the world: the video is not there any more for anyone."""
        self._log.error("deletion rejected", video_id=message.event.video_id, reason=error.message)
        return ()

    def flush(self) -> None:
        """Nothing to do: the object store's removals are durable."""


class _Work:
    """One version of a video on its way to being clips."""

    def __init__(self, objects: Objects, event: VideoSubmitted, video: OpenVideo, content_hash: str) -> None:
        self._objects = objects
        self._event = event
        self._video = video
        self._place = (event.tenant, event.video_id, content_hash)
        self._checkpoint = Checkpoint(objects, *self._place)
        self._transcript = transcript.Transcript()
        self._metadata = VideoMetadata(
            video_id=event.video_id,
            uri=event.uri,
            content_hash=content_hash,
            submitted_at=event.submitted_at,
            duration_s=video.info.duration_s,
            tenant=event.tenant,
            title=event.title,
            description=event.description,
            tags=event.tags,
            language=event.language,
            published_at=event.published_at,
        )

    def begin(self, words: transcript.Transcript) -> None:
        self._transcript = words
        self._checkpoint.begin(self._event.uri, self._event.submitted_at)

    def records(self) -> Iterator[ShotRecord]:
        """The record of each shot, in order: those that are finished already, then new ones as they are cut.

        Raises :class:`Rejected` ``no-frames`` when nothing can be decoded.
        """
        ordinal, end_s = 0, 0.0
        for record in self._checkpoint.finished():
            yield record
            if record.last:
                return
            ordinal, end_s = record.ordinal + 1, record.t1_s
        complete = False
        for shot in self._video.shots(end_s):
            yield self._store(shot, ordinal)
            ordinal, complete = ordinal + 1, shot.last
        if not complete:
            raise Rejected("no-frames", f"{self._event.uri}: no frame could be decoded after {end_s:.1f} s")

    def event(self, record: ShotRecord) -> ClipExtracted:
        words = self._transcript.during(record.t0_s, record.t1_s)
        return ClipExtracted(
            clip_id=record.clip_id,
            video=self._metadata,
            ordinal=record.ordinal,
            t0_s=record.t0_s,
            t1_s=record.t1_s,
            frames=record.frames,
            clip_count=record.ordinal + 1 if record.last else None,
            transcript=words,
            transcript_source=self._transcript.source if words else "none",
            audio_uri=record.audio_uri,
        )

    def discard(self) -> None:
        self._objects.delete_prefix(layout.version_prefix(*self._place))

    def _store(self, shot: Shot, ordinal: int) -> ShotRecord:
        tenant, video_id, _content_hash = self._place
        name = clip_id(tenant, video_id, shot.t0_s, shot.t1_s)
        pack = write_pack(shot.frames, width=shot.width, height=shot.height)
        sound = self._video.audio(shot.t0_s, shot.t1_s)
        record = ShotRecord(
            ordinal=ordinal,
            clip_id=name,
            t0_s=shot.t0_s,
            t1_s=shot.t1_s,
            frames=FramePackRef(
                uri=self._objects.put(layout.frame_pack(*self._place, name), pack),
                times_s=tuple(frame.time_s for frame in shot.frames),
                width=shot.width,
                height=shot.height,
            ),
            audio_uri=self._objects.put(layout.audio(*self._place, name), sound) if sound else None,
            last=shot.last,
            notes=self._notes() if shot.last else (),
        )
        self._checkpoint.add(record)
        return record

    def _notes(self) -> tuple[str, ...]:
        notes = [*self._video.notes()]
        if self._transcript.note is not None:
            notes.append(self._transcript.note)
        return tuple(note[:_MAX_MESSAGE] for note in notes)
