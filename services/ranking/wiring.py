"""Builds ranking: the store, the frame vectors, the watermark, the consumer and the API."""

from __future__ import annotations

from ranking.api import build_api
from ranking.embedding import TextEncoderClient
from ranking.frame_store import FrameStore
from ranking.handler import SERVICE, AnswerQueries
from ranking.ranker import Ranker
from ranking.search import SearchNow
from ranking.settings import RankingSettings
from ranking.watermark import RedisWatermark
from vtr.cache import client as cache
from vtr.cache.circuit import Circuit
from vtr.contracts.events import QueryEncoded, ResultsRanked
from vtr.kafka.consumer import ConsumerLoop
from vtr.kafka.producer import EventProducer
from vtr.media.objects import ObjectStore
from vtr.runtime.service import Service
from vtr.vectors.milvus import MilvusStore

NAME = SERVICE
_MIB = 1024 * 1024


def build(settings: RankingSettings) -> Service:
    """The service, not yet started. Raises Unavailable when Kafka cannot be reached."""
    store = MilvusStore(settings.milvus)
    redis = cache.connect(settings.redis)
    watermark = RedisWatermark(redis, Circuit(threshold=3, cooldown_s=5.0))
    frames = FrameStore(ObjectStore(settings.objects.uri), max_bytes=settings.frame_cache_mib * _MIB)
    ranker = Ranker(store, frames, watermark, moment_fraction=settings.moment_fraction)
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
        loops=[consumer],
        resources=[redis, embedder, store, producer],
        ready_checks={"milvus": store.ping},
    )
