"""Listens to clips: a vector among the sounds, and the words said where nobody wrote them down."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Executor

from clip_encoder.heard import ClipSound
from clip_encoder.load import Objects
from vtr.contracts.events import ClipExtracted
from vtr.contracts.step import Rejected
from vtr.media.objects import ObjectPathError
from vtr.media.sound_file import SoundFileError, read_sound
from vtr.models.audio.base import AudioEncoder
from vtr.models.encoders.base import EncodingError, FloatArray
from vtr.models.speech.base import Transcriber


class Ear:
    """Thread safe: one pass at a time through each model. Either may be missing."""

    def __init__(
        self,
        store: Objects,
        pool: Executor,
        *,
        encoder: AudioEncoder | None = None,
        transcriber: Transcriber | None = None,
    ) -> None:
        self._store = store
        self._pool = pool
        self._encoder = encoder
        self._transcriber = transcriber
        self._lock = threading.Lock()

    def listen(self, clips: Sequence[ClipExtracted]) -> list[ClipSound]:
        """One for each clip.

        Raises :class:`Rejected` naming the sound when it is missing, broken or outside the store;
        ``Unavailable`` when the store does not answer.
        """
        sounds = list(self._pool.map(self._load, clips))
        with self._lock:
            return [self._listen(clip, sound) for clip, sound in zip(clips, sounds, strict=True)]

    def _listen(self, clip: ClipExtracted, sound: tuple[FloatArray, int] | None) -> ClipSound:
        if sound is None:
            return ClipSound(clip.transcript)
        samples, rate = sound
        transcript = clip.transcript
        try:
            if self._transcriber is not None and not transcript.strip():
                languages = [clip.video.language]
                (transcript,) = self._transcriber.transcribe([samples], rate=rate, languages=languages)
            if self._encoder is None:
                return ClipSound(transcript)
            vector = self._encoder.encode_sounds([samples], rate=rate)[0]
        except EncodingError as error:
            raise Rejected("sound-not-encodable", f"audio_uri: {clip.audio_uri}: {error}") from error
        return ClipSound(transcript, vector, self._encoder.model_version)

    def _load(self, clip: ClipExtracted) -> tuple[FloatArray, int] | None:
        """The samples and their rate; None where the clip has no sound."""
        uri = clip.audio_uri
        if uri is None:
            return None
        try:
            return read_sound(self._store.get(uri))
        except (FileNotFoundError, NotADirectoryError) as error:
            raise Rejected("sound-missing", f"audio_uri: {uri} is not there") from error
        except ObjectPathError as error:
            raise Rejected("sound-foreign", f"audio_uri: {error}") from error
        except SoundFileError as error:
            raise Rejected("sound-corrupt", f"audio_uri: {uri}: {error}") from error
