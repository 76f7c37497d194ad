"""ClipExtracted -> ClipEncoded, and VideoStatus ``encoded`` with a video's last clip."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime

import numpy as np

from clip_encoder.encode import BudgetedEncoder
from clip_encoder.heard import ClipSound, Listener
from clip_encoder.load import Objects, load_clip
from vtr.contracts.events import ClipEncoded, ClipExtracted, VideoStatus
from vtr.contracts.events.clips import FrameVectorsRef
from vtr.contracts.events.videos import Failure
from vtr.contracts.step import Emit, Message, Rejected, Unavailable
from vtr.contracts.tombstones import Tombstones
from vtr.contracts.vector import ModalityVector
from vtr.media import layout
from vtr.models.encoders.base import ClipEmbedding, ClipFrames, FloatArray
from vtr.models.encoders.batching import pack
from vtr.models.encoders.clip_states import write_states
from vtr.observability.logging import get_logger
from vtr.observability.metrics import CLIPS_ENCODED, FRAMES_ENCODED
from vtr.vectors.arrays import to_vector

SERVICE = "clip_encoder"
TOMBSTONES_WAIT_S = 10.0

log = get_logger("clip_encoder")

Clips = Sequence[Message[ClipExtracted]]


class EncodeClips:
    """A step. A batch, whichever videos its clips are of, goes through the model in groups of a frame
    budget; while one group is in the model, the packs of the next are fetched and decoded. ``ear``: listens
    to the clips too, where one is set.
    """

    def __init__(
        self,
        encoder: BudgetedEncoder,
        store: Objects,
        tombstones: Tombstones,
        pool: ThreadPoolExecutor,
        *,
        ear: Listener | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._encoder = encoder
        self._store = store
        self._tombstones = tombstones
        self._pool = pool
        self._ear = ear
        self._clock = clock

    def handle(self, batch: Clips) -> Iterable[Emit]:
        if not self._tombstones.wait_ready(TOMBSTONES_WAIT_S):
            raise Unavailable("tombstones", "not all read yet")
        wanted = [message for message in batch if not self._deleted(message.event)]
        for group, frames in self._loaded(wanted):
            embeddings = self._encoder.clips(frames)
            sounds = self._heard([message.event for message in group])
            speech = self._encoder.passages([sound.transcript for sound in sounds])
            kept = [
                (message, embedding, (sound, words))
                for message, embedding, sound, words in zip(group, embeddings, sounds, speech, strict=True)
                # Asked again: encoding takes long, and what is stored after a deletion stays forever.
                if not self._deleted(message.event)
            ]
            storing = [self._pool.submit(self._store_frames, m.event, embedding) for m, embedding, _ in kept]
            for (message, embedding, (sound, words)), stored in zip(kept, storing, strict=True):
                encoded = self._encoded(message.event, embedding, sound, words, stored.result())
                if message.event.clip_count is not None:
                    # Before the clip that completes the video: its "searchable" must be the later status.
                    yield Emit(self._status(message.event), cause=message)
                yield Emit(encoded, cause=message)
            CLIPS_ENCODED.inc(len(kept))
            FRAMES_ENCODED.inc(sum(len(clip.frames) for clip in frames))

    def rejected(self, message: Message[ClipExtracted], error: Rejected) -> Iterable[Emit]:
        clip = message.event
        failure = Failure(code=error.code, message=f"clip {clip.clip_id}: {error.message}", service=SERVICE)
        yield Emit(self._status(clip, failure), cause=message)

    def flush(self) -> None:
        """Nothing waits: objects are durable once put."""

    def _heard(self, clips: Sequence[ClipExtracted]) -> list[ClipSound]:
        if self._ear is None:
            return [ClipSound(clip.transcript) for clip in clips]
        return self._ear.listen(clips)

    def _loaded(self, messages: Clips) -> Iterator[tuple[Clips, list[ClipFrames]]]:
        """Groups within the budget with their frames, one group loaded ahead of the one in use."""
        costs = [len(message.event.frames.times_s) for message in messages]
        groups = [[messages[index] for index in indices] for indices in pack(costs, self._encoder.budget)]
        ahead: list[Future[ClipFrames]] = []
        try:
            ahead = self._start_loading(groups[0]) if groups else []
            for index, group in enumerate(groups):
                current = ahead
                ahead = self._start_loading(groups[index + 1]) if index + 1 < len(groups) else []
                yield group, [future.result() for future in current]
        finally:
            for future in ahead:
                future.cancel()

    def _start_loading(self, group: Clips) -> list[Future[ClipFrames]]:
        return [self._pool.submit(load_clip, self._store, message.event) for message in group]

    def _store_frames(self, clip: ClipExtracted, embedding: ClipEmbedding) -> FrameVectorsRef:
        array = embedding.frames.astype(np.dtype("<f2"))
        buffer = io.BytesIO()
        np.save(buffer, array, allow_pickle=False)
        video = clip.video
        at = (video.tenant, video.video_id, video.content_hash, clip.clip_id, self._encoder.model_version)
        if embedding.states is not None:
            # Before the vectors: who finds those finds the states beside them.
            self._store.put(layout.clip_states(*at), write_states(embedding.states))
        uri = self._store.put(layout.frame_vectors(*at), buffer.getvalue())
        return FrameVectorsRef(uri=uri, frames=array.shape[0], dim=array.shape[1], dtype="float16")

    def _encoded(
        self,
        clip: ClipExtracted,
        embedding: ClipEmbedding,
        sound: ClipSound,
        speech: FloatArray | None,
        frame_vectors: FrameVectorsRef,
    ) -> ClipEncoded:
        vectors = [ModalityVector(modality="visual", vector=to_vector(embedding.clip))]
        if speech is not None:
            vectors.append(ModalityVector(modality="speech", vector=to_vector(speech)))
        if sound.vector is not None:
            vector = to_vector(sound.vector)
            vectors.append(ModalityVector(modality="audio", vector=vector, model=sound.model))
        return ClipEncoded(
            clip_id=clip.clip_id,
            video=clip.video,
            ordinal=clip.ordinal,
            t0_s=clip.t0_s,
            t1_s=clip.t1_s,
            frames=clip.frames,
            clip_count=clip.clip_count,
            transcript=sound.transcript,
            model=self._encoder.model_version,
            vectors=tuple(vectors),
            frame_vectors=frame_vectors,
        )

    def _status(self, clip: ClipExtracted, failure: Failure | None = None) -> VideoStatus:
        return clip.video.status(
            "encoded" if failure is None else "failed",
            service=SERVICE,
            updated_at=self._clock(),
            failure=failure,
            clips_extracted=clip.clip_count,
        )

    def _deleted(self, clip: ClipExtracted) -> bool:
        video = clip.video
        if not self._tombstones.covers(video.tenant, video.video_id, video.submitted_at):
            return False
        log.info("clip of a deleted video dropped", video_id=video.video_id, clip_id=clip.clip_id)
        return True
