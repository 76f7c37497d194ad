"""From a published video to an answer, and out again: the pipeline as its users see it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import httpx
import pytest

from support.media import write_video
from support.pipeline import Pipeline, new_id
from support.services import eventually
from vtr.contracts.events import EVENTS

COLOURS = {"red": (220, 20, 20), "green": (20, 200, 40), "blue": (30, 40, 220)}


def coloured(folder: Path, name: str, *, seconds: float = 3.0) -> Path:
    """A video that shows one colour."""
    import numpy as np

    picture = np.empty((48, 64, 3), dtype=np.uint8)
    picture[:] = COLOURS[name]
    return write_video(folder / f"{name}.mp4", seconds=seconds, painter=lambda _t: picture)


@pytest.fixture(scope="module")
def colours(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Three searchable videos: colour -> video id."""
    folder = tmp_path_factory.mktemp("colours")
    ids = {name: new_id(name) for name in COLOURS}
    pipeline.publish({ids[name]: coloured(folder, name) for name in COLOURS})
    for video_id, status in pipeline.wait_for(list(ids.values()), 90).items():
        assert status.stage == "searchable", (video_id, status)
        assert status.upload_to_searchable_s is not None
        assert 0 < status.upload_to_searchable_s < 90
    return ids


def only(ids: dict[str, str]) -> dict[str, object]:
    return {"filters": {"video_ids": list(ids.values())}}


@pytest.mark.parametrize("name", COLOURS)
def test_a_video_is_found_by_what_it_shows(pipeline: Pipeline, colours: dict[str, str], name: str) -> None:
    answer = pipeline.search(f"something {name}", **only(colours))
    best = answer["hits"][0]
    assert best["video_id"] == colours[name]
    assert answer["degraded"] is False
    assert best["t0_s"] <= best["moment"]["start_s"] < best["moment"]["end_s"] <= best["t1_s"]
    assert best["best_frame"] is not None
    assert best["t0_s"] <= best["best_frame"]["time_s"] < best["t1_s"]
    assert sum(share["share"] for share in best["shares"]) == pytest.approx(1.0)


def test_both_query_paths_give_the_same_ranking(pipeline: Pipeline, colours: dict[str, str]) -> None:
    for text in (*(f"a {name} thing" for name in COLOURS), "red and blue", "nothing in particular"):
        answers = [pipeline.search(text, path=path, **only(colours)) for path in ("http", "topics")]
        rankings = [
            [(hit["clip_id"], hit["score"], hit["moment"], hit["shares"]) for hit in answer["hits"]]
            for answer in answers
        ]
        assert rankings[0] == rankings[1]
        assert len(rankings[0]) == len(COLOURS)
        assert answers[0]["model"] == answers[1]["model"]


def test_the_watermark_passes_a_submission_once_it_is_searchable(
    pipeline: Pipeline, colours: dict[str, str]
) -> None:
    submitted = pipeline.status(colours["red"])
    assert submitted is not None

    def passed() -> bool:
        watermark = pipeline.search("red", **only(colours))["watermark"]
        return watermark is not None and datetime.fromisoformat(watermark) > submitted.submitted_at

    eventually(passed, "the watermark has passed the submission", wait_s=30)


def test_a_spoken_word_is_found_by_its_modality(pipeline: Pipeline, tmp_path: Path) -> None:
    """The picture is red; the word spoken is blue."""
    ids = {"said": new_id("said"), "silent": new_id("silent")}
    captions = ({"start_s": 0.0, "end_s": 3.0, "text": "the sky is blue"},)
    import msgspec

    from vtr.contracts.events.videos import Caption

    red = coloured(tmp_path, "red")
    pipeline.publish({ids["said"]: red}, captions=msgspec.convert(captions, tuple[Caption, ...]))
    pipeline.publish({ids["silent"]: red})
    pipeline.wait_for(list(ids.values()), 60)
    answer = pipeline.search("blue", **only(ids))
    assert answer["hits"][0]["video_id"] == ids["said"]
    assert {share["modality"] for share in answer["hits"][0]["shares"]} == {"visual", "speech"}
    assert answer["hits"][0]["transcript"] == "the sky is blue"


def test_submitting_again_replaces_what_was_indexed(pipeline: Pipeline, tmp_path: Path) -> None:
    video_id = new_id("replaced")
    pipeline.publish({video_id: coloured(tmp_path, "red", seconds=25.0)})
    first = pipeline.wait_for([video_id], 60)[video_id]
    assert first.clips_searchable is not None
    assert first.clips_searchable > 1
    since = pipeline.publish({video_id: coloured(tmp_path, "blue", seconds=2.0)})
    second = pipeline.wait_for([video_id], 60, since=since)[video_id]
    assert (second.stage, second.clips_searchable) == ("searchable", 1)
    rows = [row for row in pipeline.rows() if row["video_id"] == video_id]
    assert [row["ordinal"] for row in rows] == [0]


def test_a_deleted_video_is_gone_everywhere_and_a_late_event_does_not_bring_it_back(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    video_id = new_id("deleted")
    path = coloured(tmp_path, "green")
    submitted = pipeline.publish({video_id: path})
    pipeline.wait_for([video_id], 60)
    pipeline.delete(video_id)
    eventually(
        lambda: (s := pipeline.status(video_id)) is not None and s.stage == "deleted", "deleted", wait_s=30
    )
    assert [row for row in pipeline.rows() if row["video_id"] == video_id] == []
    answer = pipeline.search("green", filters={"video_ids": [video_id]})
    assert answer["hits"] == []
    objects = pipeline.stack.config.data_dir / "objects" / "default" / video_id
    eventually(lambda: not list(objects.rglob("*.zip")), "frame packs are removed", wait_s=30)

    from vtr.contracts.events import VideoSubmitted

    late = VideoSubmitted(video_id=video_id, uri=path.as_uri(), submitted_at=submitted)
    pipeline.producer.publish(late)
    fence = new_id("fence")  # what comes after it, in every partition
    fences = {f"{fence}-{n}": coloured(tmp_path, "red") for n in range(12)}
    pipeline.publish(fences)
    pipeline.wait_for(list(fences), 120)
    assert [row for row in pipeline.rows() if row["video_id"] == video_id] == []


def test_tenants_do_not_see_each_other(pipeline: Pipeline, tmp_path: Path) -> None:
    mine, theirs = new_id("mine"), new_id("theirs")
    path = coloured(tmp_path, "red")
    pipeline.publish({mine: path}, tenant="acme")
    pipeline.publish({theirs: path}, tenant="other")
    pipeline.wait_for([mine, theirs], 60)
    for tenant, own in (("acme", mine), ("other", theirs)):
        for route in ("http", "topics"):
            answer = pipeline.search("red", path=route, tenant=tenant, k=200)  # type: ignore[arg-type]
            assert {hit["video_id"] for hit in answer["hits"]} == {own}


def test_watching_changes_what_is_recommended(pipeline: Pipeline, tmp_path: Path) -> None:
    tenant = "viewers"
    names = ("red", "red", "blue", "green")
    ids = [new_id(name) for name in names]
    files = {name: coloured(tmp_path, name) for name in set(names)}
    for video_id, name in zip(ids, names, strict=True):
        pipeline.publish({video_id: files[name]}, tenant=tenant, title=f"A {name} video")
    assert {status.stage for status in pipeline.wait_for(ids, 60).values()} == {"searchable"}
    person = new_id("person")
    url = pipeline.url("recommendation")

    def feed() -> list[dict[str, object]]:
        answer = httpx.get(f"{url}/v1/people/{person}/recommendations", params={"tenant": tenant, "k": 4})
        assert answer.status_code == 200, answer.text
        items: list[dict[str, object]] = answer.json()["items"]
        return items

    def shown() -> set[object]:
        return {item["video_id"] for item in feed()}

    eventually(lambda: shown() == set(ids), f"{ids} in a cold start's feed", explain=shown, wait_s=30)
    assert all(item["reason"] for item in feed())
    body = {
        "user_id": person, "video_id": ids[0], "kind": "watch", "watch_s": 3.0, "tenant": tenant,
    }  # fmt: skip
    answer = httpx.post(f"{pipeline.url('search')}/v1/interactions", json=body)
    assert answer.status_code == 202, answer.text

    def warm() -> list[dict[str, object]]:
        items = feed()
        return items if items and items[0].get("because_video_id") == ids[0] else []

    first = eventually(warm, "the feed follows what was watched", wait_s=30)[0]
    assert first["video_id"] == ids[1]
    assert ids[0] not in {item["video_id"] for item in feed()}


def test_every_service_answers_its_probes_and_serves_metrics(pipeline: Pipeline) -> None:
    for spec in pipeline.stack.config.services:
        for probe in ("livez", "readyz", "healthz"):
            answer = httpx.get(f"{spec.url}/{probe}")
            assert answer.status_code == 200, (spec.name, probe, answer.text)
        metrics = httpx.get(f"{spec.url}/metrics").text
        assert f'service="{spec.name}"' in metrics


def test_every_topic_exists_with_the_declared_partitions(pipeline: Pipeline) -> None:
    from kafka.admin import KafkaAdminClient

    admin = KafkaAdminClient(bootstrap_servers=pipeline.kafka.bootstrap_servers)
    try:
        assert set(EVENTS) <= set(admin.list_topics())
    finally:
        admin.close()


def test_an_unknown_body_field_value_is_a_problem_document(pipeline: Pipeline) -> None:
    answer = httpx.post(f"{pipeline.url('search')}/v1/search", json={"text": "x", "k": 0})
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert "k" in answer.json()["detail"]
