"""When the producer gives records up, what caused them is done again before it is committed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import pytest
from kafka.admin import ConfigResource, ConfigResourceType

from support.consuming import RecordingStep, bench, submitted, wait_until
from support.engines import kafka_cluster
from vtr.contracts.events import VideoStatus, VideoSubmitted
from vtr.contracts.step import Emit, Message
from vtr.contracts.topics import load_topics
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


def small_status_topic(kafka: KafkaSettings) -> None:
    """A broker that takes less than the declaration says, and so refuses the output."""
    specs = load_topics() | {STATUS: msgspec.structs.replace(load_topics()[STATUS], max_message_bytes=300)}
    apply_topics(kafka, specs=specs.values())


def resize(kafka: KafkaSettings, size: int) -> None:
    resource = ConfigResource(ConfigResourceType.TOPIC, STATUS)
    with admin_client(kafka) as client:
        changed = ConfigResource(ConfigResourceType.TOPIC, STATUS, {"max.message.bytes": str(size)})
        client.alter_configs([changed])

        def applied() -> bool:
            found = client.describe_configs([resource], config_filter="all")["topic"][STATUS]
            return bool(found["max.message.bytes"]["value"] == str(size))

        wait_until(applied, "the limit is in force")


def test_lost_output_is_produced_again_before_its_input_is_committed() -> None:
    with kafka_cluster() as cluster:
        kafka = KafkaSettings(bootstrap_servers=cluster.bootstrap_servers)
        small_status_topic(kafka)
        with bench(cluster.bootstrap_servers) as at:
            tries: list[str] = []

            def work(batch: Sequence[Message[VideoSubmitted]]) -> Iterable[Emit]:
                tries.append(batch[0].event.video_id)
                if len(tries) == 2:
                    assert at.lag() == 1
                    resize(kafka, 1_000_000)  # from now on the broker takes the output
                return emit_status(batch)

            at.publish([submitted("v")])
            loop = at.loop(RecordingStep(work))
            wait_until(lambda: at.lag() == 0, "committed once its output was taken")
            assert loop.failure() is None
            assert len(tries) >= 2


def test_a_loss_without_end_stops_the_loop_uncommitted() -> None:
    with kafka_cluster() as cluster:
        kafka = KafkaSettings(bootstrap_servers=cluster.bootstrap_servers)
        small_status_topic(kafka)
        with bench(cluster.bootstrap_servers) as at:
            at.publish([submitted("v")])
            loop = at.loop(RecordingStep(emit_status))
            wait_until(lambda: loop.failure() is not None, "the loop stops")
            assert isinstance(loop.failure(), ProducerLostRecords)
            assert at.lag() == 1
