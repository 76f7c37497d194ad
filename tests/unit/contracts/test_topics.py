from __future__ import annotations

from vtr.contracts.topics import DAY_MS, consumer_group, dead_letter_spec, dead_letter_topic, load_topics

TOPICS = load_topics()
SERVICES = {
    "video_ingest",
    "clip_encoder",
    "indexer",
    "text_encoder",
    "ranking",
    "search",
    "recommendation",
    "anyone",
}


def test_topics_keyed_by_video_are_co_partitioned() -> None:
    """The watermark compares partition p of one topic with partition p of another."""
    by_video = {spec.partitions for spec in TOPICS.values() if spec.key == "tenant/video_id"}
    assert len(by_video) == 1


def test_producers_and_consumers_are_services() -> None:
    for spec in TOPICS.values():
        assert {*spec.producers, *spec.receivers} <= SERVICES, spec.name
        assert spec.producers
        assert spec.receivers


def test_tombstones_and_status_are_kept_for_ever() -> None:
    for name in ("vtr.video.deleted.v1", "vtr.video.status.v1"):
        assert TOPICS[name].config["cleanup.policy"] == "compact"
        assert "retention.ms" not in TOPICS[name].config


def test_retention_in_milliseconds_and_for_ever() -> None:
    assert TOPICS["vtr.query.submitted.v1"].config["retention.ms"] == str(DAY_MS)
    assert TOPICS["vtr.interaction.recorded.v1"].config["retention.ms"] == "-1"


def test_dead_letters_belong_to_a_consumer() -> None:
    topic = TOPICS["vtr.clip.encoded.v1"]
    assert dead_letter_topic(topic.name, consumer_group("indexer")) == "vtr.clip.encoded.v1.vtr.indexer.dlq"
    assert dead_letter_spec(topic, "ranking") is None
    spec = dead_letter_spec(topic, "indexer")
    assert spec is not None
    assert (spec.partitions, spec.cleanup, spec.retention_days) == (1, "delete", 30)
