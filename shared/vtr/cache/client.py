"""The Redis client with the timeouts of the settings, and its faults as :class:`Unavailable`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from vtr.contracts.step import Unavailable
from vtr.runtime.settings import RedisSettings


def connect(settings: RedisSettings) -> redis.Redis:
    """A client whose calls return bytes and fail within ``timeout_s``; connects at the first call.

    One repeat on a broken connection (a pooled socket that the server has closed), no waiting in between:
    whoever calls knows better whether to wait. Raises ``ValueError`` for a malformed url.
    """
    return redis.Redis.from_url(
        settings.url.get_secret_value(),
        socket_timeout=settings.timeout_s,
        socket_connect_timeout=settings.timeout_s,
        health_check_interval=30,
        retry=Retry(NoBackoff(), 1),
        client_name="vtr",
    )


@contextmanager
def redis_faults() -> Iterator[None]:
    """Turns faults of Redis itself (connection, timeout, loading, read only) into :class:`Unavailable`."""
    try:
        yield
    except (redis.ConnectionError, redis.TimeoutError, redis.ReadOnlyError, redis.OutOfMemoryError) as error:
        raise Unavailable("redis", str(error) or type(error).__name__) from error


def check(client: redis.Redis) -> None:
    """Ready check: raises :class:`Unavailable` when Redis does not answer."""
    with redis_faults():
        client.ping()
