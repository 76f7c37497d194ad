"""Builds text_encoder: the model, the batcher, the cache, the consumer and the API."""

from __future__ import annotations

from text_encoder.api import build_api
from text_encoder.batcher import MicroBatcher
from text_encoder.cache import EmbeddingCache
from text_encoder.embedder import Embedder, RecentVectors
from text_encoder.handler import EncodeQueries
from text_encoder.hearing import Hearing
from text_encoder.settings import TextEncoderSettings
from vtr.cache.circuit import Circuit
from vtr.cache.client import connect
from vtr.contracts.events import QuerySubmitted
from vtr.kafka.consumer import ConsumerLoop
from vtr.kafka.producer import EventProducer
from vtr.models.audio.registry import load_audio_text_encoder
from vtr.models.encoders.registry import load_text_encoder
from vtr.observability.metrics import INFERENCE_SECONDS, MODEL, QUEUE_SECONDS, TEXTS_ENCODED
from vtr.runtime.service import Service

NAME = "text_encoder"


def build(settings: TextEncoderSettings) -> Service:
    """The service, with the model loaded and warm."""
    options = settings.encoder_options.with_objects(settings.objects.uri)
    encoder = load_text_encoder(settings.encoder, options=options)
    encoder.encode_texts(["a warm-up query"])
    MODEL.info({"version": encoder.model_version, "encoder": settings.encoder})

    batcher = MicroBatcher(
        encoder.encode_texts,
        max_batch=settings.text_max_batch,
        linger_s=settings.text_linger_ms / 1000,
        max_queue=settings.text_max_queue,
        on_wait=QUEUE_SECONDS.labels(NAME).observe,
        on_inference=_observe_inference,
    )
    redis = connect(settings.redis)
    cache = EmbeddingCache(
        redis,
        model=encoder.model_version,
        dim=encoder.dim,
        ttl_s=settings.cache_ttl_s,
        circuit=Circuit(threshold=3, cooldown_s=settings.cache_cooldown_s),
    )
    embedder = Embedder(
        batcher,
        cache,
        RecentVectors(settings.cache_recent),
        model=encoder.model_version,
        dim=encoder.dim,
        timeout_s=settings.text_timeout_s,
    )
    audio = (
        load_audio_text_encoder(settings.audio_encoder, options=options) if settings.audio_encoder else None
    )
    hearing = Hearing(audio, size=settings.cache_recent) if audio is not None else None
    producer = EventProducer(settings.kafka, source=NAME)
    consumer = ConsumerLoop(NAME, {QuerySubmitted: EncodeQueries(embedder, hearing)}, settings, producer)
    return Service(
        name=NAME,
        settings=settings,
        app=build_api(embedder, max_texts=settings.text_max_per_request, hearing=hearing),
        # Stopped in this order: the consumer drains through the batcher.
        loops=[consumer, batcher],
        resources=[encoder, *([audio] if audio is not None else []), redis, producer],
    )


def _observe_inference(seconds: float, texts: int) -> None:
    INFERENCE_SECONDS.labels(NAME, "text").observe(seconds)
    TEXTS_ENCODED.inc(texts)
