"""People and library in Redis. Changes are optimistic transactions: WATCH, compute, MULTI/EXEC."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import TypeVar, cast

import msgspec
import redis
from redis.client import Pipeline

from recommendation.library import VideoRecord, add_clip
from recommendation.taste import Taste, endorses, merge
from vtr.cache import keys
from vtr.cache.client import redis_faults
from vtr.contracts.events import ClipIndexed, InteractionRecorded
from vtr.contracts.step import Unavailable

MAX_TRIES = 20
POPULAR_HALF_LIFE_S = 7 * 86_400.0
_LANDMARK = datetime(2025, 1, 1, tzinfo=UTC).timestamp()

_encoder = msgspec.msgpack.Encoder()
_tastes = msgspec.msgpack.Decoder(Taste)
_records = msgspec.msgpack.Decoder(VideoRecord)

R = TypeVar("R")


def forward_decay(at: float) -> float:
    """What a like at Unix time ``at`` adds to a popularity kept under forward decay.

    Scores grow with time instead of being aged, so that one ZINCRBY keeps the order right (Cormode et al.,
    "Forward Decay", ICDE 2009). At this half-life the doubles suffice for 19 years from the landmark.
    """
    return math.exp2((at - _LANDMARK) / POPULAR_HALF_LIFE_S)


class RedisPeople:
    """Histories as one hash per person, of at most ``max_videos`` videos: the least recent go first."""

    def __init__(self, client: redis.Redis, *, max_videos: int, ttl_s: int) -> None:
        self._client = client
        self._max_videos = max_videos
        self._ttl_s = ttl_s

    def history(self, tenant: str, user_id: str) -> dict[str, Taste]:
        with redis_faults():
            raw = cast(dict[bytes, bytes], self._client.hgetall(keys.history(tenant, user_id)))
        return _decode_history(raw)

    def record(
        self, tenant: str, user_id: str, interactions: Sequence[InteractionRecorded]
    ) -> dict[str, Taste]:
        key = keys.history(tenant, user_id)

        def change(pipe: Pipeline) -> dict[str, Taste]:
            before = _decode_history(cast(dict[bytes, bytes], pipe.hgetall(key)))
            after = dict(before)
            for interaction in interactions:
                after[interaction.video_id] = merge(after.get(interaction.video_id, Taste()), interaction)
            kept = sorted(after, key=lambda video_id: (-after[video_id].latest, video_id))[: self._max_videos]
            after = {video_id: after[video_id] for video_id in kept}
            changed = {video_id: taste for video_id, taste in after.items() if before.get(video_id) != taste}
            gone = [video_id for video_id in before if video_id not in after]
            pipe.multi()
            if changed:
                pipe.hset(key, mapping={v: _encoder.encode(taste) for v, taste in changed.items()})
                pipe.expire(key, self._ttl_s)
            if gone:
                pipe.hdel(key, *gone)
            for video_id, taste in changed.items():
                if endorses(taste) and not endorses(before.get(video_id, Taste())):
                    pipe.zincrby(keys.popular_videos(tenant), forward_decay(taste.latest), video_id)
            return after

        return _transaction(self._client, key, change)


class RedisLibrary:
    """One record per video, and the sorted sets of fresh and popular ones, cut at ``max_listed``."""

    def __init__(self, client: redis.Redis, *, max_listed: int) -> None:
        self._client = client
        self._max_listed = max_listed

    def learn(self, tenant: str, video_id: str, clips: Sequence[ClipIndexed]) -> None:
        key = keys.video(tenant, video_id)

        def change(pipe: Pipeline) -> None:
            raw = cast(bytes | None, pipe.get(key))
            before = None if raw is None else _records.decode(raw)
            record = before
            for clip in clips:
                record = add_clip(record, clip)
            pipe.multi()
            if record is None or record == before:
                return
            pipe.set(key, _encoder.encode(record))
            fresh = keys.fresh_videos(tenant)
            pipe.zadd(fresh, {video_id: record.submitted_at.timestamp()})
            pipe.zremrangebyrank(fresh, 0, -self._max_listed - 1)

        _transaction(self._client, key, change)

    def forget(self, tenant: str, video_id: str, submitted_until: datetime) -> None:
        key = keys.video(tenant, video_id)

        def change(pipe: Pipeline) -> None:
            raw = cast(bytes | None, pipe.get(key))
            newer = raw is not None and _records.decode(raw).submitted_at > submitted_until
            pipe.multi()
            if newer:
                return
            pipe.delete(key)
            pipe.zrem(keys.fresh_videos(tenant), video_id)
            pipe.zrem(keys.popular_videos(tenant), video_id)

        _transaction(self._client, key, change)

    def records(self, tenant: str, video_ids: Collection[str]) -> dict[str, VideoRecord]:
        if not video_ids:
            return {}
        ids = list(video_ids)
        with redis_faults():
            raw = cast(list[bytes | None], self._client.mget([keys.video(tenant, v) for v in ids]))
        return {
            video_id: _records.decode(value)
            for video_id, value in zip(ids, raw, strict=True)
            if value is not None
        }

    def fresh(self, tenant: str, limit: int) -> dict[str, float]:
        return self._top(keys.fresh_videos(tenant), limit)

    def popular(self, tenant: str, limit: int, now: datetime) -> dict[str, float]:
        scale = forward_decay(now.timestamp())
        found = self._top(keys.popular_videos(tenant), limit)
        return {video_id: score / scale for video_id, score in found.items() if math.isfinite(score)}

    def _top(self, key: str, limit: int) -> dict[str, float]:
        with redis_faults():
            found = cast(
                list[tuple[bytes, float]],
                self._client.zrange(key, 0, limit - 1, desc=True, withscores=True),
            )
        return {video_id.decode(): float(score) for video_id, score in found}


def _decode_history(raw: dict[bytes, bytes]) -> dict[str, Taste]:
    return {video_id.decode(): _tastes.decode(value) for video_id, value in raw.items()}


def _transaction(client: redis.Redis, key: str, change: Callable[[Pipeline], R]) -> R:
    """Run ``change`` on a watched ``key`` until nobody else changed it meanwhile."""
    with redis_faults(), client.pipeline() as pipe:
        for _ in range(MAX_TRIES):
            try:
                pipe.watch(key)  # type: ignore[no-untyped-call]
                result = change(pipe)
                pipe.execute()
            except redis.WatchError:
                continue
            return result
    raise Unavailable("redis", f"{key} was changed by others {MAX_TRIES} times in a row")
