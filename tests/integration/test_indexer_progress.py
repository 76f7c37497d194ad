"""Progress and watermark in a real Redis."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import redis
from pydantic import SecretStr

from indexer.progress_redis import RedisProgress
from indexer.ticker import WatermarkTask
from ranking.watermark import RedisWatermark
from vtr.cache import client as cache
from vtr.cache import keys
from vtr.cache.circuit import Circuit
from vtr.contracts.events import VideoStatus, VideoSubmitted
from vtr.contracts.events.videos import Failure, Stage
from vtr.contracts.step import Unavailable
from vtr.runtime.settings import RedisSettings

pytestmark = pytest.mark.redis

T0 = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def status(video_id: str, stage: Stage, seconds: float, tenant: str = "default") -> VideoStatus:
    failure = Failure(code="x", message="x", service="x") if stage == "failed" else None
    return VideoStatus(
        video_id=video_id,
        stage=stage,
        submitted_at=at(seconds),
        updated_at=T0,
        tenant=tenant,
        failure=failure,
    )


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    client = cache.connect(RedisSettings(url=SecretStr(redis_url)))
    stale = [keys.WATERMARK, *client.scan_iter(f"{keys.PREFIX}:{{progress-*")]
    client.delete(*stale)
    yield client
    client.close()


@pytest.fixture
def progress(client: redis.Redis) -> RedisProgress:
    return RedisProgress(client)


def test_the_oldest_submission_under_way_is_known_per_partition(progress: RedisProgress) -> None:
    progress.apply([(0, status("a", "received", 5)), (0, status("b", "received", 3))])
    progress.apply([(1, status("c", "received", 9)), (0, status("b", "decoded", 3))])
    assert progress.oldest_pending([0, 1, 2]) == {0: at(3), 1: at(9)}
    assert progress.last_received([0, 1, 2]) == {0: at(5), 1: at(9)}
    progress.apply([(0, status("b", "failed", 3))])
    assert progress.oldest_pending([0, 1]) == {0: at(5), 1: at(9)}
    progress.apply([(0, status("a", "searchable", 5)), (1, status("c", "deleted", 20))])
    assert progress.oldest_pending([0, 1]) == {}
    assert progress.last_received([0]) == {0: at(5)}


def test_what_is_finished_stays_so_over_restarts_and_replays(
    progress: RedisProgress, client: redis.Redis
) -> None:
    story = [(0, status("a", stage, 5)) for stage in ("received", "decoded", "encoded", "searchable")]
    progress.apply(story)  # type: ignore[arg-type]
    again = RedisProgress(client)
    again.apply(story[:3])  # type: ignore[arg-type]
    assert again.oldest_pending([0]) == {}
    again.apply([(0, status("a", "received", 6))])
    assert again.oldest_pending([0]) == {0: at(6)}
    # The same id of another tenant is another video.
    again.apply([(0, status("a", "searchable", 9, tenant="acme"))])
    assert again.oldest_pending([0]) == {0: at(6)}


def test_watermarks_only_rise(progress: RedisProgress, client: redis.Redis) -> None:
    progress.raise_watermarks({0: at(5), 1: at(7)})
    progress.raise_watermarks({0: at(4.5), 1: at(7.000_001)})
    assert progress.watermarks() == {0: at(5), 1: at(7.000_001)}
    reader = RedisWatermark(client, Circuit())
    assert reader.read() == at(5)


class Pipeline:
    """Lags as Kafka would tell them."""

    def __init__(self, partitions: int) -> None:
        self.submitted = {(VideoSubmitted.TYPE, p): 0 for p in range(partitions)}
        self.status = {(VideoStatus.TYPE, p): 0 for p in range(partitions)}


def test_the_watermark_follows_a_video_through_the_pipeline(
    progress: RedisProgress, client: redis.Redis
) -> None:
    lag = Pipeline(2)
    clock = [at(100)]
    task = WatermarkTask(
        progress, lambda: lag.submitted, lambda: lag.status, partitions=2, margin_s=1.0, now=lambda: clock[0]
    )
    reader = RedisWatermark(client, Circuit())

    def tick(seconds: float) -> datetime | None:
        clock[0] = at(seconds)
        task()
        return reader.read()

    # Nothing is known of partition 1 but that something is unread there: nobody may promise anything.
    lag.submitted[VideoSubmitted.TYPE, 1] = 1
    assert tick(100) is None
    lag.submitted[VideoSubmitted.TYPE, 1] = 0
    assert tick(101) == at(100)
    # Submitted at 102, not read by ingest: the promise stands still.
    lag.submitted[VideoSubmitted.TYPE, 0] = 1
    assert tick(103) == at(100)
    # Read by ingest, the status is under way to the indexer.
    lag.submitted[VideoSubmitted.TYPE, 0] = 0
    lag.status[VideoStatus.TYPE, 0] = 1
    assert tick(104) == at(100)
    # Known to be pending: the promise reaches up to its submission, not past it.
    progress.apply([(0, status("a", "received", 102))])
    lag.status[VideoStatus.TYPE, 0] = 0
    assert tick(105) == at(102)
    assert (task.of_partition(0), task.of_partition(1)) == (at(102), at(104))
    progress.apply([(0, status("a", "searchable", 102))])
    assert tick(110) == at(109)
    # Another one waits unread: the promise never goes back to the last one received.
    lag.submitted[VideoSubmitted.TYPE, 0] = 1
    assert tick(111) == at(109)


def test_redis_being_away_is_unavailable() -> None:
    client = cache.connect(RedisSettings(url=SecretStr("redis://127.0.0.1:1/0"), timeout_s=0.2))
    with pytest.raises(Unavailable, match="redis"):
        RedisProgress(client).apply([(0, status("a", "received", 1))])
    reader = RedisWatermark(client, Circuit(threshold=1))
    with pytest.raises(Unavailable, match="redis"):
        reader.read()
    with pytest.raises(Unavailable, match="a moment ago"):
        reader.read()
