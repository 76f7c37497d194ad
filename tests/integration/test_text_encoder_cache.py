"""The embedding cache on a real Redis, and without one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import redis

from support.engines import free_ports
from text_encoder.cache import EmbeddingCache
from vtr.cache import keys
from vtr.cache.circuit import Circuit
from vtr.cache.client import check, connect
from vtr.contracts.step import Unavailable
from vtr.local.redis import RedisServer
from vtr.runtime.settings import RedisSettings

pytestmark = pytest.mark.redis

DIM = 4
A = np.array([1, 0.5, -0.25, 3e-5], dtype=np.float32)
B = np.array([0, 1, 0, 0], dtype=np.float32)


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    made = connect(RedisSettings(url=redis_url))
    made.flushdb()
    yield made
    made.close()


def cache_of(client: redis.Redis, *, model: str = "m-1", threshold: int = 2) -> EmbeddingCache:
    circuit = Circuit(threshold=threshold, cooldown_s=60)
    return EmbeddingCache(client, model=model, dim=DIM, ttl_s=100, circuit=circuit)


def test_vectors_come_back_bit_for_bit_with_a_time_to_live(client: redis.Redis) -> None:
    cache = cache_of(client)
    assert cache.get(["a", "b"]) == [None, None]
    cache.settle(["a"], [A])
    found = cache.get(["b", "a"])
    assert found[0] is None
    assert found[1] is not None
    assert found[1].tobytes() == A.tobytes()
    assert 0 < client.ttl(keys.embedding("m-1", "a")) <= 100


def test_the_first_vector_of_a_text_stands_for_every_instance(client: redis.Redis) -> None:
    one, two = cache_of(client), cache_of(client)
    assert one.settle(["a"], [A])[0].tobytes() == A.tobytes()
    assert two.settle(["a"], [B])[0].tobytes() == A.tobytes()
    found = two.get(["a"])[0]
    assert found is not None
    assert found.tobytes() == A.tobytes()


def test_another_model_version_shares_nothing(client: redis.Redis) -> None:
    cache_of(client).settle(["a"], [A])
    assert cache_of(client, model="m-2").get(["a"]) == [None]


def test_a_value_of_another_length_is_not_taken_for_a_vector(client: redis.Redis) -> None:
    client.set(keys.embedding("m-1", "a"), b"broken")
    assert cache_of(client).get(["a"]) == [None]


def test_a_redis_that_dies_costs_the_cache_and_one_that_comes_back_serves_again(tmp_path: Path) -> None:
    server = RedisServer(tmp_path, free_ports(1)[0])
    server.start(deadline_s=30)
    client = connect(RedisSettings(url=server.url, timeout_s=0.5))
    circuit = Circuit(threshold=2, cooldown_s=0.05)
    cache = EmbeddingCache(client, model="m-1", dim=DIM, ttl_s=100, circuit=circuit)
    try:
        cache.settle(["a"], [A])
        server.stop(grace_s=5)
        for _ in range(3):
            assert cache.get(["a"]) == [None]
            assert cache.settle(["a"], [B])[0] is B
        assert circuit.open
        with pytest.raises(Unavailable, match="redis"):
            check(client)
        server.start(deadline_s=30)
        time.sleep(0.06)
        found = cache.get(["a"])[0]
        assert found is not None
        assert found.tobytes() == A.tobytes()
        assert not circuit.open
    finally:
        client.close()
        server.stop(grace_s=0)


def test_an_open_circuit_asks_nothing(client: redis.Redis) -> None:
    unreachable = connect(RedisSettings(url=f"redis://127.0.0.1:{free_ports(1)[0]}/0", timeout_s=0.2))
    circuit = Circuit(threshold=1, cooldown_s=60)
    cache = EmbeddingCache(unreachable, model="m-1", dim=DIM, ttl_s=100, circuit=circuit)
    assert cache.get(["a"]) == [None]
    assert circuit.open
    # The same cache over a Redis that works: nothing is asked while the circuit is open.
    cache_of(client).settle(["a"], [A])
    skipping = EmbeddingCache(client, model="m-1", dim=DIM, ttl_s=100, circuit=circuit)
    assert skipping.get(["a"]) == [None]
