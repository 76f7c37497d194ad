"""The steps of indexer: clips become searchable, deleted videos vanish, progress moves the watermark."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import numpy as np

from indexer.recent import RecentWrites
from indexer.rows import models_of, row_of, vectors_of, version_of
from indexer.versions import complete_versions, is_stale, newest_complete
from vtr.contracts.events import ClipEncoded, ClipIndexed, VideoDeleted, VideoStatus
from vtr.contracts.events.videos import Failure
from vtr.contracts.step import Emit, Message, Rejected, Unavailable
from vtr.contracts.tombstones import Tombstones
from vtr.contracts.vector import Modality
from vtr.observability.logging import get_logger
from vtr.observability.metrics import CLIPS_INDEXED, UPLOAD_TO_SEARCHABLE_SECONDS, VIDEOS_SEARCHABLE
from vtr.vectors.arrays import FloatArray
from vtr.vectors.store import ClipMark, ClipRow, CollectionInfo, VectorStore, Version

SERVICE = "indexer"
NEVER = datetime(1970, 1, 1, tzinfo=UTC)

log = get_logger(SERVICE)

Clip = Message[ClipEncoded]
VideoKey = tuple[str, str]
"""(tenant, video_id)"""
Place = tuple[str, Modality]
"""(model, modality): what one collection holds"""


class Watermarks(Protocol):
    """The watermark of each partition as last computed (see :class:`indexer.ticker.WatermarkTask`)."""

    def of_partition(self, partition: int) -> datetime | None: ...


@dataclass(slots=True)
class _Writes:
    """What goes into one collection."""

    rows: list[ClipRow] = field(default_factory=list)
    vectors: list[FloatArray] = field(default_factory=list)


class IndexClips:
    """``clip.encoded`` -> the store, ``clip.indexed`` and, with a video's last clip, ``video.status``.

    The order that makes it safe to repeat and to crash anywhere: write, wait until searches see it, only
    then say so; and remove older versions only when the newer one is whole.
    """

    def __init__(
        self,
        store: VectorStore,
        tombstones: Tombstones,
        recent: RecentWrites,
        watermarks: Watermarks,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._tombstones = tombstones
        self._recent = recent
        self._watermarks = watermarks
        self._now = now
        self._warned: set[str] = set()

    def handle(self, batch: Sequence[Clip]) -> Iterable[Emit]:
        if not self._tombstones.ready():
            raise Unavailable("tombstones", "still being read from the start of their topic")
        by_model: defaultdict[str, list[Clip]] = defaultdict(list)
        for message in batch:
            if not self._deleted(message.event):
                by_model[message.event.model].append(message)
        for model, clips in by_model.items():
            yield from self._index(model, clips)

    def rejected(self, message: Clip, error: Rejected) -> Iterable[Emit]:
        clip = message.event
        failure = Failure(code=error.code, message=f"clip {clip.clip_id}: {error.message}", service=SERVICE)
        status = clip.video.status("failed", service=SERVICE, updated_at=self._now(), failure=failure)
        yield Emit(status, cause=message)

    def flush(self) -> None:
        self._store.flush()

    def _index(self, model: str, clips: Sequence[Clip]) -> Iterator[Emit]:
        everything = self._store.collections()
        known = [info for info in everything if info.model == model]
        # Collections of models beside the clips' own, as that of sounds: they lose old versions with it, but
        # do not count for whether a version is whole.
        beside = [info for info in everything if info.modality == "audio" and info.model != model]
        before = self._marks(known, clips, barrier=False)
        fresh = [
            message
            for message in clips
            if not is_stale(version_of(message.event.video), newest_complete(before[_key(message.event)]))
        ]
        if stale := len(clips) - len(fresh):
            log.info("clips of superseded versions dropped", clips=stale, model=model)
        if not fresh:
            return
        written = self._write(fresh)
        touched = {info.name: info for info in [*known, *written.values()]}
        # Those of other models are waited for as well: a clip is told of when all its vectors can be found.
        self._marks([info for info in touched.values() if info.model != model], fresh, barrier=True)
        after = self._marks([info for info in touched.values() if info.model == model], fresh, barrier=True)
        collections = {**{info.name: info for info in beside}, **touched}
        fresh = self._still_wanted(fresh)
        yield from self._tell(fresh, written, list(collections.values()), before, after)
        CLIPS_INDEXED.inc(len(fresh))

    def _write(self, clips: Sequence[Clip]) -> dict[Place, CollectionInfo]:
        """Upsert ``clips``; returns the collections written to, and makes them live where none is."""
        writes: defaultdict[Place, _Writes] = defaultdict(_Writes)
        for message in clips:
            row, models = row_of(message.event), models_of(message.event)
            for modality, vector in vectors_of(message.event).items():
                writes[models[modality], modality].rows.append(row)
                writes[models[modality], modality].vectors.append(vector)
        written: dict[Place, CollectionInfo] = {}
        for (model, modality), group in writes.items():
            dims = {vector.shape[0] for vector in group.vectors}
            if len(dims) > 1:
                raise Rejected(
                    "invalid-vector", f"vectors: {modality} of {model} with lengths {sorted(dims)}"
                )
            try:
                info = self._store.ensure_collection(model, modality, dims.pop())
                self._store.upsert(info.name, group.rows, np.stack(group.vectors))
            except ValueError as error:
                raise Rejected("not-indexable", str(error)) from error
            written[model, modality] = self._with_live(info)
        for message in clips:
            video = message.event.video
            self._recent.note(video.tenant, video.video_id, video.submitted_at)
        return written

    def _with_live(self, info: CollectionInfo) -> CollectionInfo:
        live = self._store.live(info.modality)
        if live is None:
            self._store.set_live(info.modality, info.model)
            log.info("first model of a modality is live", model=info.model, modality=info.modality)
            live = self._store.live(info.modality)
        if live is not None and live.name == info.name:
            return live
        if live is not None and info.name not in self._warned:
            self._warned.add(info.name)
            log.warning(
                "clips of a model that is not live: they are kept, but searches do not see them",
                model=info.model,
                live=live.model,
                modality=info.modality,
            )
        return info

    def _marks(
        self, collections: Iterable[CollectionInfo], clips: Sequence[Clip], *, barrier: bool
    ) -> defaultdict[VideoKey, list[ClipMark]]:
        videos: defaultdict[str, set[str]] = defaultdict(set)
        for message in clips:
            tenant, video_id = _key(message.event)
            videos[tenant].add(video_id)
        marks: defaultdict[VideoKey, list[ClipMark]] = defaultdict(list)
        for info in collections:
            for tenant, video_ids in videos.items():
                for mark in self._store.marks_of_videos(info.name, tenant, video_ids, barrier=barrier):
                    marks[tenant, mark.video_id].append(mark)
        return marks

    def _still_wanted(self, clips: Sequence[Clip]) -> list[Clip]:
        """``clips`` without those whose video was deleted while they were written; their rows go too."""
        wanted: list[Clip] = []
        for message in clips:
            video = message.event.video
            if self._deleted(message.event):
                self._store.delete_video(video.tenant, video.video_id, submitted_until=video.submitted_at)
            else:
                wanted.append(message)
        return wanted

    def _tell(
        self,
        clips: Sequence[Clip],
        written: dict[Place, CollectionInfo],
        collections: Sequence[CollectionInfo],
        before: dict[VideoKey, list[ClipMark]],
        after: dict[VideoKey, list[ClipMark]],
    ) -> Iterator[Emit]:
        last = {(_key(m.event), version_of(m.event.video)): i for i, m in enumerate(clips)}
        for index, message in enumerate(clips):
            clip = message.event
            key, version = _key(clip), version_of(clip.video)
            count = complete_versions(after[key]).get(version) if last[key, version] == index else None
            first = clip.vectors[0]
            target = written[first.model or clip.model, first.modality]
            yield Emit(self._indexed(message, target, count), cause=message)
            if count is None:
                continue
            self._supersede(collections, key, version)
            if target.live:
                status = self._searchable(clip, count)
                if version not in complete_versions(before.get(key, ())):
                    VIDEOS_SEARCHABLE.inc()
                    UPLOAD_TO_SEARCHABLE_SECONDS.observe(status.upload_to_searchable_s or 0.0)
                yield Emit(status, cause=message)

    def _supersede(self, collections: Sequence[CollectionInfo], key: VideoKey, keep: Version) -> None:
        tenant, video_id = key
        for info in collections:
            self._store.delete_superseded(info.name, tenant, video_id, keep)

    def _indexed(self, message: Clip, target: CollectionInfo, count: int | None) -> ClipIndexed:
        clip = message.event
        partition = message.origin.partition if message.origin is not None else None
        watermark = self._watermarks.of_partition(partition) if partition is not None else None
        return ClipIndexed(
            clip_id=clip.clip_id,
            video=clip.video,
            ordinal=clip.ordinal,
            t0_s=clip.t0_s,
            t1_s=clip.t1_s,
            model=clip.model,
            collection=target.name,
            indexed_at=self._now(),
            watermark=watermark or NEVER,
            vectors=clip.vectors,
            video_complete=count is not None,
            clip_count=count if count is not None else clip.clip_count,
            tenant=clip.video.tenant,
        )

    def _searchable(self, clip: ClipEncoded, count: int) -> VideoStatus:
        now = self._now()
        return clip.video.status(
            "searchable",
            service=SERVICE,
            updated_at=now,
            clips_extracted=count,
            clips_searchable=count,
            # The submitter's clock may be ahead of ours.
            upload_to_searchable_s=max(0.0, (now - clip.video.submitted_at).total_seconds()),
        )

    def _deleted(self, clip: ClipEncoded) -> bool:
        video = clip.video
        return self._tombstones.covers(video.tenant, video.video_id, video.submitted_at)


class DeleteVideos:
    """``video.deleted`` -> every collection forgets the video, and its status says so."""

    def __init__(
        self, store: VectorStore, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._store = store
        self._now = now

    def handle(self, batch: Sequence[Message[VideoDeleted]]) -> Iterable[Emit]:
        for message in batch:
            event = message.event
            self._store.delete_video(event.tenant, event.video_id, submitted_until=event.deleted_at)
            log.info("video deleted", video_id=event.video_id, tenant=event.tenant)
            status = VideoStatus(
                video_id=event.video_id,
                stage="deleted",
                # Whatever was submitted until then is covered; a later submission is a new story.
                submitted_at=event.deleted_at,
                updated_at=self._now(),
                tenant=event.tenant,
                service=SERVICE,
            )
            yield Emit(status, cause=message)

    def rejected(self, _message: Message[VideoDeleted], _error: Rejected) -> Iterable[Emit]:
        return ()

    def flush(self) -> None:
        self._store.flush()


class Progress(Protocol):
    """Keeps which submissions are under way (see :class:`indexer.progress_redis.RedisProgress`)."""

    def apply(self, updates: Sequence[tuple[int, VideoStatus]]) -> None: ...


class TrackProgress:
    """``video.status`` -> what is pending, per partition: what the watermark is computed from."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def handle(self, batch: Sequence[Message[VideoStatus]]) -> Iterable[Emit]:
        self._progress.apply([(m.origin.partition if m.origin else 0, m.event) for m in batch])
        return ()

    def rejected(self, _message: Message[Any], _error: Rejected) -> Iterable[Emit]:
        return ()

    def flush(self) -> None:
        return


def _key(clip: ClipEncoded) -> VideoKey:
    return clip.video.tenant, clip.video.video_id
