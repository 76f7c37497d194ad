"""Progress of submissions in Redis, so that it survives restarts and moves with the partitions.

Per partition p of ``video.status`` (one consumer owns it, so that reading and then writing is safe):

- hash ``pending``: ``tenant/video_id`` to its submissions under way, as milliseconds with commas between;
- sorted set ``order``: ``tenant/video_id/ms`` by ms, for the oldest;
- sorted set ``finished``: ``tenant/video_id`` by the last finished submission, the newest ``KEEP_FINISHED``;
- sorted set ``received``: one member, ``last``, by the newest submission received, in milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

import redis

from indexer.watermark import VideoProgress
from vtr.cache import keys
from vtr.cache.client import redis_faults
from vtr.contracts.events import VideoStatus, VideoSubmitted
from vtr.vectors.expressions import from_ms, to_ms

KEEP_FINISHED = 10_000

# Several indexers compute the watermark; a slower one must not take it back. RFC 3339 in UTC with equal
# digits sorts as text.
_RAISE = """
for i = 1, #ARGV, 2 do
  local old = redis.call('HGET', KEYS[1], ARGV[i])
  if not old or old < ARGV[i + 1] then redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
end
"""


class RedisProgress:
    """See the module. All methods raise :class:`~vtr.contracts.step.Unavailable` when Redis is away."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._raise = client.register_script(_RAISE)

    def apply(self, updates: Sequence[tuple[int, VideoStatus]]) -> None:
        """Take in statuses with their partitions, in order."""
        places = list(dict.fromkeys((p, status.key) for p, status in updates))
        with redis_faults():
            pipe = self._client.pipeline(transaction=False)
            for partition, member in places:
                pipe.hget(keys.progress(partition, "pending"), member)
                pipe.zscore(keys.progress(partition, "finished"), member)
            found = pipe.execute()
        before = {place: _decode(found[2 * i], found[2 * i + 1]) for i, place in enumerate(places)}
        after = dict(before)
        received: dict[int, int] = {}
        for partition, status in updates:
            place, ms = (partition, status.key), to_ms(status.submitted_at)
            after[place] = after[place].after(status, ms)
            if status.stage == "received":
                received[partition] = max(ms, received.get(partition, ms))
        self._write(before, after, received)

    def _write(
        self,
        before: Mapping[tuple[int, str], VideoProgress],
        after: Mapping[tuple[int, str], VideoProgress],
        received: Mapping[int, int],
    ) -> None:
        with redis_faults():
            pipe = self._client.pipeline(transaction=True)
            for (partition, member), progress in after.items():
                order, pending = keys.progress(partition, "order"), keys.progress(partition, "pending")
                for ms in before[partition, member].pending - progress.pending:
                    pipe.zrem(order, f"{member}/{ms}")
                for ms in progress.pending:
                    pipe.zadd(order, {f"{member}/{ms}": ms})
                if progress.pending:
                    pipe.hset(pending, member, ",".join(map(str, sorted(progress.pending))))
                else:
                    pipe.hdel(pending, member)
                if progress.finished is not None:
                    finished = keys.progress(partition, "finished")
                    pipe.zadd(finished, {member: progress.finished})
                    pipe.zremrangebyrank(finished, 0, -KEEP_FINISHED - 1)
            for partition, ms in received.items():
                name = keys.progress(partition, "received")
                pipe.zadd(name, {"last": ms}, gt=True)
            pipe.execute()

    def oldest_pending(self, partitions: Sequence[int]) -> dict[int, datetime]:
        """The oldest submission under way in each partition that has one."""
        return self._lowest(partitions, "order")

    def last_received(self, partitions: Sequence[int]) -> dict[int, datetime]:
        """The newest submission received in each partition that has any."""
        return self._lowest(partitions, "received")

    def _lowest(self, partitions: Sequence[int], what: str) -> dict[int, datetime]:
        with redis_faults():
            pipe = self._client.pipeline(transaction=False)
            for partition in partitions:
                pipe.zrange(keys.progress(partition, what), 0, 0, withscores=True)
            found = pipe.execute()
        return {p: from_ms(int(hit[0][1])) for p, hit in zip(partitions, found, strict=True) if hit}

    def watermarks(self) -> dict[int, datetime]:
        """The watermark of each partition that has one."""
        with redis_faults():
            stored = cast(dict[bytes, bytes], self._client.hgetall(keys.WATERMARK))
        return {
            int(name.decode().rpartition(":")[2]): datetime.fromisoformat(value.decode())
            for name, value in stored.items()
        }

    def raise_watermarks(self, watermarks: Mapping[int, datetime]) -> None:
        """Move watermarks forward; one that lies behind what is stored changes nothing."""
        args: list[Any] = []
        for partition, time in watermarks.items():
            args += [f"{VideoSubmitted.TYPE}:{partition}", time.isoformat(timespec="microseconds")]
        if args:
            with redis_faults():
                self._raise(keys=[keys.WATERMARK], args=args)


def _decode(pending: bytes | None, finished: float | None) -> VideoProgress:
    return VideoProgress(
        frozenset(int(ms) for ms in pending.decode().split(",")) if pending else frozenset(),
        int(finished) if finished is not None else None,
    )
