"""Builds ranking: the store, the frame vectors, the watermark, the consumer and the API."""

from __future__ import annotations

from pathlib import Path

from ranking.api import build_api
from ranking.bundles import BundleWatch
from ranking.embedding import TextEncoderClient
from ranking.frame_store import FrameStore
from ranking.handler import SERVICE, AnswerQueries
from ranking.heads import Heads, no_heads
from ranking.query_heads import Desk
from ranking.ranker import Ranker
from ranking.search import SearchNow
from ranking.settings import HeadsSettings, RankingSettings
from ranking.state_store import StateStore
from ranking.watermark import RedisWatermark
from vtr.cache import client as cache
from vtr.cache.circuit import Circuit
from vtr.contracts.events import QueryEncoded, ResultsRanked
from vtr.kafka.consumer import ConsumerLoop
from vtr.kafka.producer import EventProducer
from vtr.media.objects import ObjectStore
from vtr.models.encoders.file_cache import default_cache_dir
from vtr.models.heads.serving.protocol import HeadBundle
from vtr.runtime.service import Service
from vtr.vectors.milvus import MilvusStore

NAME = SERVICE
_MIB = 1024 * 1024


def build(settings: RankingSettings) -> Service:
    """The service, not yet started. Raises Unavailable when Kafka cannot be reached."""
    store = MilvusStore(settings.milvus)
    redis = cache.connect(settings.redis)
    watermark = RedisWatermark(redis, Circuit(threshold=3, cooldown_s=5.0))
    objects = ObjectStore(settings.objects.uri)
    frames = FrameStore(objects, max_bytes=settings.frame_cache_mib * _MIB)
    of_heads = settings.heads
    states = StateStore(objects, max_bytes=of_heads.states_cache_mib * _MIB, threads=of_heads.load_threads)
    bundles = _bundles(store, objects, of_heads)
    desk = Desk(states, candidates=of_heads.candidates, batch=of_heads.batch)
    heads = Heads(bundles.find, desk) if of_heads.enabled else no_heads()
    ranker = Ranker(store, frames, watermark, heads, moment_fraction=settings.moment_fraction)
    embedder = TextEncoderClient(settings.text_encoder_url, timeout_s=settings.text_encoder_timeout_s)
    producer = EventProducer(settings.kafka, source=NAME)

    def publish(results: ResultsRanked) -> None:
        producer.publish(results, tenant=results.tenant)

    consumer = ConsumerLoop(
        NAME,
        {QueryEncoded: AnswerQueries(ranker, max_age_s=settings.query_max_age_s)},
        settings,
        producer,
    )
    return Service(
        name=NAME,
        settings=settings,
        app=build_api(SearchNow(embedder, ranker), store, watermark.read, publish),
        loops=[consumer, bundles] if of_heads.enabled else [consumer],
        resources=[redis, embedder, store, producer, states],
        ready_checks={"milvus": store.ping} | ({"heads": bundles.check} if of_heads.enabled else {}),
    )


def _bundles(store: MilvusStore, objects: ObjectStore, settings: HeadsSettings) -> BundleWatch:
    def live() -> str | None:
        info = store.live("visual")
        return None if info is None else info.model

    def load(folder: Path, model: str) -> HeadBundle:
        # Torch takes seconds and memory: it comes with the first bundle, or never.
        from ranking.loading import load_heads  # noqa: PLC0415

        return load_heads(folder, model, threads=settings.threads)

    cache_dir = settings.cache_dir or default_cache_dir() / "published"
    return BundleWatch(live, objects, cache_dir, load, interval_s=settings.refresh_s)
