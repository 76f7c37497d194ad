"""Builds the service from its settings: the only place that makes clients."""

from __future__ import annotations

from typing import Any

from video_ingest.fetch import Fetcher, clean_spool
from video_ingest.handler import SERVICE, DeletionStep, IngestStep
from video_ingest.settings import IngestSettings
from video_ingest.video import MediaFiles
from vtr.contracts.events import Event, VideoDeleted, VideoSubmitted
from vtr.contracts.step import Step
from vtr.kafka.consumer import ConsumerLoop
from vtr.kafka.producer import EventProducer
from vtr.kafka.tombstones import TombstoneTable
from vtr.media.objects import ObjectStore
from vtr.runtime.service import Service

__all__ = ["SERVICE", "build"]


def build(settings: IngestSettings) -> Service:
    """The service, not yet started. Raises Unavailable when the object store cannot be reached."""
    clean_spool(settings.fetch.spool_dir)
    objects = ObjectStore(settings.objects.uri)
    producer = EventProducer(settings.kafka, source=SERVICE)
    tombstones = TombstoneTable(settings.kafka)
    steps: dict[type[Event], Step[Any]] = {
        VideoSubmitted: IngestStep(
            sources=Fetcher(settings.fetch),
            videos=MediaFiles(settings.decode, settings.cut),
            objects=objects,
            tombstones=tombstones,
            fingerprint=settings.fingerprint(),
        ),
        VideoDeleted: DeletionStep(objects),
    }
    consumer = ConsumerLoop(SERVICE, steps, settings, producer)
    return Service(
        name=SERVICE,
        settings=settings,
        loops=[tombstones, consumer],
        resources=[producer],
        ready_checks={"object-store": lambda: _reach(objects)},
    )


def _reach(objects: ObjectStore) -> None:
    objects.exists("ready")
