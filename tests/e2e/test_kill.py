"""kill -9 of each service in turn while clips flow: nothing is lost, nothing is there twice."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.media import write_video
from support.pipeline import Pipeline, new_id, running_pipeline
from support.services import eventually

VIDEOS = 50


@pytest.fixture(scope="module")
def victim() -> Iterator[Pipeline]:
    """A stack of its own: its services die. Short sessions let a group notice a dead member soon."""
    with running_pipeline(encoder="random", env={"VTR_CONSUMER__SESSION_TIMEOUT_MS": "6000"}) as running:
        yield running


def test_every_clip_is_searchable_once_whoever_is_killed(victim: Pipeline, tmp_path: Path) -> None:
    run = new_id("kill")
    videos = {
        f"{run}-{n}": write_video(tmp_path / f"{n}.mp4", seconds=1.5 + n % 3, fps=8.0) for n in range(VIDEOS)
    }
    names = [spec.name for spec in victim.stack.config.services]
    per_kill = -(-VIDEOS // len(names))
    waiting = list(videos.items())
    for name in names:
        batch, waiting = waiting[:per_kill], waiting[per_kill:]
        victim.publish(dict(batch))
        before = victim.pid(name)
        os.kill(before, signal.SIGKILL)
        eventually(
            lambda n=name, b=before: victim.pid(n) != b and victim.ready(n),  # type: ignore[misc]
            f"{name} is back",
            wait_s=90,
        )
    assert not waiting

    statuses = victim.wait_for(list(videos), 180)
    assert {status.stage for status in statuses.values()} == {"searchable"}

    rows = [row for row in victim.rows() if row["video_id"] in videos]
    clips = Counter(row["clip_id"] for row in rows)
    assert max(clips.values()) == 1
    ordinals: dict[str, list[int]] = {video_id: [] for video_id in videos}
    for row in rows:
        ordinals[row["video_id"]].append(row["ordinal"])
    for video_id, found in ordinals.items():
        assert sorted(found) == list(range(len(found))), video_id
        assert len(found) == statuses[video_id].clips_searchable, video_id
    answer = victim.search("red", k=VIDEOS, filters={"video_ids": list(videos)})
    assert {hit["video_id"] for hit in answer["hits"]} == set(videos)
