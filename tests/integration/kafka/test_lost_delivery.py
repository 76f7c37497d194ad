"""When the producer gives records up, what caused them is done again before it is committed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest
from kafka.admin import ConfigResource, ConfigResourceType

from support.consuming import RecordingStep, bench, submitted, wait_until
from support.engines import kafka_cluster
from vtr.contracts.events import VideoStatus, VideoSubmitted
from vtr.contracts.step import Emit, Message
from vtr.kafka.admin import admin_client, apply_topics
from vtr.kafka.consumer import ProducerLostRecords
from vtr.runtime.settings import KafkaSettings

pytestmark = pytest.mark.kafka

STATUS = VideoStatus.TYPE


def emit_status(batch: Sequence[Message[VideoSubmitted]]) -> Iterable[Emit]:
    for message in batch:
        event = message.event
        status = VideoStatus(
            video_id=event.video_id,
            stage="received",
            submitted_at=event.submitted_at,
            updated_at=event.submitted_at,
            service="x" * 2000,
        )
        yield Emit(status, message)


def limit(kafka: KafkaSettings, size: int) -> None:
    with admin_client(kafka) as client:
        client.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, STATUS, {"max.message.bytes": str(size)})]
        )


def test_lost_output_is_produced_again_and_a_loss_without_end_stops_the_loop() -> None:
    with kafka_cluster() as cluster:
        kafka = KafkaSettings(bootstrap_servers=cluster.bootstrap_servers)
        apply_topics(kafka)
        with bench(cluster.bootstrap_servers) as at:
            limit(kafka, 300)

            def work(batch: Sequence[Message[VideoSubmitted]]) -> Iterable[Emit]:
                tries.append(batch[0].event.video_id)
                if len(tries) == 2:
                    limit(kafka, 1_000_000)  # from the second try on, the broker takes the output
                return emit_status(batch)

            tries: list[str] = []
            step = RecordingStep(work)
            at.publish([submitted("v")])
            loop = at.loop(step)
            wait_until(lambda: at.lag() == 0, "committed once its output was taken")
            assert loop.failure() is None
            assert tries[:2] == ["v", "v"]

            limit(kafka, 300)
            at.publish([submitted("w")])
            wait_until(lambda: loop.failure() is not None, "the loop stops")
            assert isinstance(loop.failure(), ProducerLostRecords)
            assert at.lag() == 1
