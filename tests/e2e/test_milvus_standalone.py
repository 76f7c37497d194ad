"""The pipeline on the real Milvus server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.media import write_video
from support.pipeline import Pipeline, new_id, running_pipeline
from support.services import eventually


@pytest.fixture(scope="module")
def standalone() -> Iterator[Pipeline]:
    with running_pipeline(encoder="random", milvus="standalone") as running:
        yield running


def test_publish_search_and_delete_on_the_real_server(standalone: Pipeline, tmp_path: Path) -> None:
    ids = [new_id("standalone") for _ in range(3)]
    videos = {video_id: write_video(tmp_path / f"{video_id}.mp4", seconds=12.0) for video_id in ids}
    standalone.publish(videos)
    statuses = standalone.wait_for(ids, 120)
    assert {status.stage for status in statuses.values()} == {"searchable"}
    answers = [standalone.search("red", path=path) for path in ("http", "topics")]  # type: ignore[arg-type]
    assert {hit["video_id"] for hit in answers[0]["hits"]} == set(ids)
    assert [h["clip_id"] for h in answers[0]["hits"]] == [h["clip_id"] for h in answers[1]["hits"]]
    standalone.delete(ids[0])
    eventually(
        lambda: (s := standalone.status(ids[0])) is not None and s.stage == "deleted", "deleted", wait_s=60
    )
    assert {hit["video_id"] for hit in standalone.search("red")["hits"]} == set(ids[1:])
