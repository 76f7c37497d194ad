"""The watermark as the indexer left it in Redis."""

from __future__ import annotations

from datetime import datetime
from typing import cast

import redis

from vtr.cache import keys
from vtr.cache.circuit import Circuit
from vtr.cache.client import redis_faults
from vtr.contracts.step import Unavailable


class RedisWatermark:
    """The least of the partitions' watermarks; while Redis is away, most queries do not wait for it."""

    def __init__(self, client: redis.Redis, circuit: Circuit) -> None:
        self._client = client
        self._circuit = circuit

    def read(self) -> datetime | None:
        """None before the indexer has vouched for anything. Raises :class:`Unavailable`."""
        if not self._circuit.allows():
            raise Unavailable("redis", "away a moment ago")
        try:
            with redis_faults():
                stored = cast(dict[bytes, bytes], self._client.hgetall(keys.WATERMARK))
        except Unavailable:
            self._circuit.failed()
            raise
        self._circuit.succeeded()
        return min((datetime.fromisoformat(value.decode()) for value in stored.values()), default=None)
