"""Builds search: tails, consumer, producers, upstreams, object store and the API."""

from __future__ import annotations

from typing import Any

from search.answers import Answers
from search.api import Parts, build_api
from search.catalogue import Catalogue
from search.follow import CATALOGUE_EVENTS, LIVE_EVENTS, STATUS_EVENTS, Follower
from search.frames import Frames
from search.handler import RecordImpressions
from search.hub import Hub
from search.media import MediaFiles
from search.settings import SearchSettings
from search.statuses import StatusTable
from search.upstream import Upstream
from search.uris import UriRules
from vtr.contracts.events import Event, ResultsRanked
from vtr.contracts.step import Step, Unavailable
from vtr.kafka.consumer import ConsumerLoop
from vtr.kafka.producer import EventProducer
from vtr.kafka.tail import TopicTail
from vtr.media.objects import ObjectStore
from vtr.runtime.service import Loop, Service

NAME = "search"


class _DurablePublisher:
    """Returns once Kafka has the event."""

    def __init__(self, producer: EventProducer, timeout_s: float) -> None:
        self._producer = producer
        self._timeout_s = timeout_s

    def publish(self, event: Event) -> None:
        self._producer.publish(event)
        self._producer.flush(self._timeout_s)


def build(settings: SearchSettings) -> Service:
    """The service."""
    statuses, hub = StatusTable(), Hub()
    catalogue = Catalogue(settings.search_catalogue_size)
    answers = Answers(settings.search_recent_answers)
    follower = Follower(statuses, catalogue, answers, hub)
    status_tail = TopicTail(
        settings.kafka, STATUS_EVENTS, follower.on_message, start="earliest", name="tail:status"
    )
    catalogue_tail = TopicTail(
        settings.kafka, CATALOGUE_EVENTS, follower.on_message, start="earliest", name="tail:catalogue"
    )
    live_tail = TopicTail(settings.kafka, LIVE_EVENTS, follower.on_message, name="tail:live")

    def check_read() -> None:
        if not status_tail.ready.is_set():
            raise Unavailable("kafka", "the status of the videos is still being read")

    def check_live() -> None:
        if not live_tail.ready.is_set():
            raise Unavailable("kafka", "not yet listening for answers")

    # HTTP has a producer of its own: its flushes must not settle what the consumer's checkpoint waits for.
    http_producer = EventProducer(settings.kafka, source=NAME)
    ranking = Upstream("ranking", settings.ranking_url, margin_s=settings.search_upstream_margin_s)
    recommendation = Upstream(
        "recommendation", settings.recommendation_url, margin_s=settings.search_upstream_margin_s
    )
    app = build_api(
        Parts(
            statuses=statuses,
            catalogue=catalogue,
            answers=answers,
            hub=hub,
            follower=follower,
            ranking=ranking,
            recommendation=recommendation,
            publisher=_DurablePublisher(http_producer, settings.search_publish_timeout_s),
            rules=UriRules(settings.search_uri_schemes, allow_files=settings.search_allow_file_uris),
            media=MediaFiles(settings.search_media_roots),
            frames=Frames(ObjectStore(settings.objects.uri)),
            check_read=check_read,
            topics_timeout_s=settings.search_topics_timeout_s,
        )
    )
    loops: list[Loop] = [status_tail, catalogue_tail, live_tail, hub]
    resources: list[Any] = [ranking, recommendation, http_producer]
    if settings.search_log_impressions:
        producer = EventProducer(settings.kafka, source=NAME)
        steps: dict[type[Event], Step[Any]] = {ResultsRanked: RecordImpressions()}
        loops.append(ConsumerLoop(NAME, steps, settings, producer))
        resources.append(producer)
    return Service(
        name=NAME,
        settings=settings,
        app=app,
        loops=loops,
        resources=resources,
        ready_checks={"status": check_read, "answers": check_live},
    )
