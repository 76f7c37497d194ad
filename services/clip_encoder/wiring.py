"""Builds clip_encoder: the model, the object store, the tombstones and the consumer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from clip_encoder.encode import BudgetedEncoder
from clip_encoder.handler import SERVICE, EncodeClips
from clip_encoder.settings import ClipEncoderSettings
from vtr.contracts.events import ClipExtracted
from vtr.kafka.consumer import ConsumerLoop
from vtr.kafka.producer import EventProducer
from vtr.kafka.tombstones import TombstoneTable
from vtr.media.objects import ObjectStore
from vtr.models.audio.base import AudioEncoder
from vtr.models.audio.registry import load_audio_encoder
from vtr.models.encoders.base import ClipFrames
from vtr.models.encoders.options import EncoderOptions
from vtr.models.encoders.registry import load_encoder
from vtr.models.speech.base import Transcriber
from vtr.observability.metrics import INFERENCE_SECONDS, MODEL
from vtr.runtime.service import Service


class _Pool(ThreadPoolExecutor):
    """A pool that closes like every other resource."""

    def close(self) -> None:
        self.shutdown(wait=True, cancel_futures=True)


def build(settings: ClipEncoderSettings) -> Service:
    """The service, with the model loaded and warm."""
    options = settings.encoder_options.with_objects(settings.objects.uri)
    encoder = load_encoder(settings.encoder, options=options)
    budgeted = BudgetedEncoder(encoder, frame_budget=settings.frame_budget, on_inference=_observe_inference)
    budgeted.warm_up(ClipFrames(frames=[np.full((224, 224, 3), 127, dtype=np.uint8)] * 2, times_s=(0.0, 0.5)))
    MODEL.info({"version": encoder.model_version, "encoder": settings.encoder})

    pool = _Pool(max_workers=settings.io_threads, thread_name_prefix="objects")
    tombstones = TombstoneTable(settings.kafka)
    store = ObjectStore(settings.objects.uri)
    audio, transcriber = _load_ears(settings, options)
    ear = None
    if audio is not None or transcriber is not None:
        from clip_encoder.listen import Ear  # noqa: PLC0415 (reads sound files: only where one is set)

        ear = Ear(store, pool, encoder=audio, transcriber=transcriber)
    step = EncodeClips(budgeted, store, tombstones, pool, ear=ear)
    producer = EventProducer(settings.kafka, source=SERVICE)
    consumer = ConsumerLoop(SERVICE, {ClipExtracted: step}, settings, producer)
    return Service(
        name=SERVICE,
        settings=settings,
        loops=[tombstones, consumer],
        resources=[encoder, *(one for one in (audio, transcriber) if one is not None), pool, producer],
    )


def _load_ears(
    settings: ClipEncoderSettings, options: EncoderOptions
) -> tuple[AudioEncoder | None, Transcriber | None]:
    audio, transcriber = None, None
    if settings.audio_encoder:
        audio = load_audio_encoder(settings.audio_encoder, options=options)
        audio.encode_sounds([np.zeros(16_000, dtype=np.float32)], rate=16_000)
    if settings.transcriber:
        from vtr.models.speech.whisper import load_transcriber  # noqa: PLC0415 (slow to import)

        transcriber = load_transcriber(settings.transcriber, options=options)
    return audio, transcriber


def _observe_inference(kind: str, seconds: float, _items: int) -> None:
    INFERENCE_SECONDS.labels(SERVICE, kind).observe(seconds)
