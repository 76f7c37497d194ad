"""Builds recommendation: Redis, the vector store, the steps, the consumer and the API."""

from __future__ import annotations

from functools import partial
from typing import Any

from recommendation.api import build_api
from recommendation.feed import FeedOptions
from recommendation.handler import ForgetVideos, LearnVideos, UpdateProfiles
from recommendation.neighbours import StoreNeighbours
from recommendation.recommender import Recommender
from recommendation.redis_store import RedisLibrary, RedisPeople
from recommendation.settings import RecommendationSettings
from vtr.cache.client import check, connect
from vtr.contracts.events import ClipIndexed, Event, InteractionRecorded, VideoDeleted
from vtr.contracts.step import Step
from vtr.kafka.consumer import ConsumerLoop
from vtr.kafka.producer import EventProducer
from vtr.kafka.tombstones import TombstoneTable
from vtr.runtime.service import Service
from vtr.vectors.milvus import MilvusStore

NAME = "recommendation"
_DAY_S = 86_400


def build(settings: RecommendationSettings) -> Service:
    """The service."""
    redis = connect(settings.redis)
    store = MilvusStore(settings.milvus)
    people = RedisPeople(
        redis, max_videos=settings.history_max_videos, ttl_s=settings.history_ttl_days * _DAY_S
    )
    library = RedisLibrary(redis, max_listed=settings.library_max_listed)
    recommender = Recommender(
        people,
        library,
        StoreNeighbours(store),
        FeedOptions(
            diversity=settings.feed_diversity,
            explore=settings.feed_explore,
            taste_half_life_s=settings.taste_half_life_days * _DAY_S,
            fresh_half_life_s=settings.fresh_half_life_days * _DAY_S,
        ),
    )
    tombstones = TombstoneTable(settings.kafka)
    producer = EventProducer(settings.kafka, source=NAME)
    steps: dict[type[Event], Step[Any]] = {
        InteractionRecorded: UpdateProfiles(people, recommender, feed_length=settings.feed_length),
        ClipIndexed: LearnVideos(library, tombstones),
        VideoDeleted: ForgetVideos(library),
    }
    consumer = ConsumerLoop(NAME, steps, settings, producer)
    return Service(
        name=NAME,
        settings=settings,
        app=build_api(recommender, feed_length=settings.feed_length),
        loops=[tombstones, consumer],
        resources=[redis, store, producer],
        ready_checks={"redis": partial(check, redis)},
    )
