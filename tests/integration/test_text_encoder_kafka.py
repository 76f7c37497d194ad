"""text_encoder as it runs: both ways on real Kafka and Redis give the same bits."""

from __future__ import annotations

import base64
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx
import numpy as np
import pytest

from support.engines import free_ports
from support.services import listening, running
from text_encoder.settings import TextEncoderSettings
from text_encoder.wiring import build
from vtr.contracts.events import QueryEncoded, QuerySubmitted
from vtr.contracts.events.queries import Example
from vtr.kafka.producer import EventProducer
from vtr.runtime.settings import ConsumerSettings, HttpSettings, KafkaSettings, RedisSettings
from vtr.vectors.arrays import to_array

pytestmark = [pytest.mark.kafka, pytest.mark.redis]


def settings_of(kafka: KafkaSettings, redis_url: str) -> TextEncoderSettings:
    return TextEncoderSettings(
        kafka=kafka,
        redis=RedisSettings(url=redis_url, timeout_s=0.25),
        encoder="random",
        http=HttpSettings(host="127.0.0.1", port=0),
        consumer=ConsumerSettings(workers=2, max_batch=32, linger_ms=2, commit_interval_ms=100),
    )


def query(text: str = "", **more: object) -> QuerySubmitted:
    return QuerySubmitted(query_id=f"q-{uuid.uuid4().hex}", submitted_at=datetime.now(UTC), text=text, **more)  # type: ignore[arg-type]


def embed(client: httpx.Client, *texts: str) -> tuple[list[bytes], list[bool]]:
    response = client.post("/v1/embed", json={"texts": texts})
    assert response.status_code == 200, response.text
    body = response.json()
    vectors = [base64.b64decode(vector) for vector in body["vectors"]]
    assert all(len(vector) == 4 * body["dim"] for vector in vectors)
    return vectors, body["cached"]


def test_topic_and_http_agree_cached_or_not_and_over_a_restart(
    kafka: KafkaSettings, producer: EventProducer, redis_url: str
) -> None:
    words = f"a red square {uuid.uuid4().hex}"
    asked = query(f"  {words}\n")
    with listening(kafka, [QueryEncoded]) as heard, running(build(settings_of(kafka, redis_url))) as client:
        without_text = query(example=Example(video_id="v1"))
        producer.publish(asked)
        producer.publish(without_text)
        producer.flush()
        (by_topic,) = heard.wait(QueryEncoded, 1, lambda event: event.query == asked)
        (by_example,) = heard.wait(QueryEncoded, 1, lambda event: event.query == without_text)
        (by_http,), cached = embed(client, words)
    assert cached == [True]
    assert [vector.modality for vector in by_topic.vectors] == ["visual", "speech"]
    assert to_array(by_topic.vectors[0].vector).tobytes() == np.frombuffer(by_http, "<f4").tobytes()
    assert by_topic.cached is False
    assert by_example.vectors == ()
    with running(build(settings_of(kafka, redis_url))) as client:
        (again,), cached = embed(client, words)
    assert again == by_http
    assert cached == [True], "from Redis: this process never saw the text"


def test_without_redis_the_answers_are_the_same(kafka: KafkaSettings, redis_url: str) -> None:
    away = settings_of(kafka, f"redis://127.0.0.1:{free_ports(1)[0]}/0")
    with running(build(away)) as client:
        without, cached = embed(client, "a green ball", "a green ball", "a dog")
        assert cached == [False, False, False]
        assert without[0] == without[1]
        _, cached = embed(client, "a dog")
        assert cached == [True], "the process itself remembers"
        assert 'result="unavailable"' in client.get("/metrics").text
    with running(build(settings_of(kafka, redis_url))) as client:
        with_redis, _ = embed(client, "a green ball", "a dog")
    assert with_redis == [without[0], without[2]]


def test_many_callers_at_once_all_get_their_own_vector(kafka: KafkaSettings, redis_url: str) -> None:
    texts = [f"caller {number} {uuid.uuid4().hex}" for number in range(64)]
    with running(build(settings_of(kafka, redis_url))) as client:
        with ThreadPoolExecutor(16) as pool:
            together = list(pool.map(lambda text: embed(client, text)[0][0], texts))
        assert len(set(together)) == len(texts)
        one_request, cached = embed(client, *texts)
    assert one_request == together
    assert all(cached)


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"texts": []}, "texts"),
        ({"texts": ["fine", " "]}, "texts[1]"),
        ({"texts": ["x" * 2001]}, "texts[0]"),
        ({"texts": ["x"] * 257}, "257"),
        ({"text": "x"}, "text"),
    ],
)
def test_bad_requests_name_the_field(
    kafka: KafkaSettings, redis_url: str, body: dict[str, object], names: str
) -> None:
    with running(build(settings_of(kafka, redis_url))) as client:
        response = client.post("/v1/embed", json=body)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert names in response.json()["detail"]
