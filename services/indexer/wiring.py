"""Builds indexer: the store, the progress in Redis, the tombstones, the consumer and the ticker."""

from __future__ import annotations

import time
from functools import partial

from indexer.handler import SERVICE, DeleteVideos, IndexClips, TrackProgress
from indexer.progress_redis import RedisProgress
from indexer.recent import RecentWrites
from indexer.settings import IndexerSettings
from indexer.ticker import Ticker, WatermarkTask
from vtr.cache import client as cache
from vtr.contracts.events import ClipEncoded, VideoDeleted, VideoStatus, VideoSubmitted
from vtr.contracts.topics import consumer_group, load_topics
from vtr.kafka.consumer import ConsumerLoop
from vtr.kafka.lagreader import LagReader
from vtr.kafka.producer import EventProducer
from vtr.kafka.tombstones import TombstoneTable
from vtr.runtime.service import Service
from vtr.vectors.milvus import MilvusStore

NAME = SERVICE


def build(settings: IndexerSettings) -> Service:
    """The service, not yet started. Raises Unavailable when Kafka cannot be reached."""
    redis = cache.connect(settings.redis)
    progress = RedisProgress(redis)
    store = MilvusStore(settings.milvus)
    producer = EventProducer(settings.kafka, source=NAME)
    tombstones = TombstoneTable(settings.kafka)
    recent = RecentWrites(tombstones, store, window_s=settings.resurrection_window_s, clock=time.monotonic)
    lags = LagReader(settings.kafka)
    watermark = WatermarkTask(
        progress,
        partial(lags.lag, consumer_group("video_ingest")),
        partial(lags.lag, consumer_group(NAME)),
        partitions=load_topics()[VideoSubmitted.TYPE].partitions,
        margin_s=settings.watermark_margin_s,
    )
    consumer = ConsumerLoop(
        NAME,
        {
            ClipEncoded: IndexClips(store, tombstones, recent, watermark),
            VideoDeleted: DeleteVideos(store),
            VideoStatus: TrackProgress(progress),
        },
        settings,
        producer,
    )
    return Service(
        name=NAME,
        settings=settings,
        loops=[
            tombstones,
            consumer,
            Ticker("watermark", settings.watermark_interval_s, [watermark, recent.sweep]),
        ],
        resources=[redis, store, producer, lags],
        ready_checks={"milvus": store.ping, "redis": partial(cache.check, redis)},
    )
