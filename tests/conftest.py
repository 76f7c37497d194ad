"""Engines that integration tests share: started when the first test asks, stopped after the last."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.engines import kafka_broker, milvus_server, redis_server


@pytest.fixture(scope="session")
def kafka_bootstrap() -> Iterator[str]:
    """Bootstrap servers of a real one-node Kafka."""
    with kafka_broker() as address:
        yield address


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """URL of a real Redis."""
    with redis_server() as url:
        yield url


@pytest.fixture(scope="session")
def milvus_lite_uri() -> Iterator[str]:
    """URI of Milvus Lite in server mode."""
    with milvus_server("lite") as uri:
        yield uri


@pytest.fixture(scope="session")
def milvus_uri() -> Iterator[str]:
    """URI of the real Milvus standalone server."""
    with milvus_server("standalone") as uri:
        yield uri
