"""A text has one vector, bit for bit, however it is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from text_encoder.batcher import MicroBatcher, Vectors
from text_encoder.embedder import Embedder, RecentVectors, Vector
from text_encoder.normalise import MAX_CHARACTERS, normalise
from vtr.contracts.step import Rejected
from vtr.models.encoders.base import EncodingError


class SharedMemory:
    """What Redis is to several instances: first writer wins."""

    def __init__(self) -> None:
        self.stored: dict[str, Vector] = {}

    def get(self, texts: Sequence[str]) -> list[Vector | None]:
        return [self.stored.get(text) for text in texts]

    def settle(self, texts: Sequence[str], vectors: Sequence[Vector]) -> list[Vector]:
        return [self.stored.setdefault(text, vector) for text, vector in zip(texts, vectors, strict=True)]


class NoisyModel:
    """Differs in the last bits from call to call, as a GPU does with other batches."""

    def __init__(self, seed: int) -> None:
        self.calls = 0
        self._noise = np.random.default_rng(seed)

    def __call__(self, texts: list[str]) -> Vectors:
        self.calls += 1
        if "?" in texts:
            raise EncodingError(texts.index("?"), "has no word")
        base = np.stack([np.random.default_rng(sum(map(ord, text))).normal(size=256) for text in texts])
        noise = self._noise.normal(scale=1e-4, size=base.shape)
        return (base + noise).astype(np.float32)


def make(model: NoisyModel, cache: SharedMemory) -> tuple[Embedder, MicroBatcher]:
    batcher = MicroBatcher(model, max_batch=8, linger_s=0.001, max_queue=64)
    batcher.start()
    return Embedder(batcher, cache, RecentVectors(100), model="noisy", dim=256, timeout_s=5), batcher


@pytest.fixture
def memory() -> SharedMemory:
    return SharedMemory()


@pytest.fixture
def embedder(memory: SharedMemory) -> Iterator[Embedder]:
    made, batcher = make(NoisyModel(1), memory)
    yield made
    batcher.stop(5)


def test_both_ways_and_the_cache_give_the_same_bits(embedder: Embedder) -> None:
    first = embedder.embed(["a rabbit"])
    second = asyncio.run(embedder.embed_async(["a rabbit", "a car"]))
    assert first.cached == [False]
    assert second.cached == [True, False]
    assert first.vectors[0].tobytes() == second.vectors[0].tobytes()


def test_instances_agree_through_the_shared_cache_even_when_both_computed(memory: SharedMemory) -> None:
    (one, batcher_one), (two, batcher_two) = make(NoisyModel(1), memory), make(NoisyModel(2), memory)
    try:
        pending_one = one._begin(["a rabbit"], wait_s=1)
        pending_two = two._begin(["a rabbit"], wait_s=1)
        raw_one = {text: future.result(5) for text, future in pending_one.futures.items()}
        raw_two = {text: future.result(5) for text, future in pending_two.futures.items()}
        assert raw_one["a rabbit"].tobytes() != raw_two["a rabbit"].tobytes(), "the models differ"
        answer_two = two._finish(pending_two, raw_two)
        answer_one = one._finish(pending_one, raw_one)
        assert answer_one.vectors[0].tobytes() == answer_two.vectors[0].tobytes()
        assert one.embed(["a rabbit"]).vectors[0].tobytes() == answer_two.vectors[0].tobytes()
    finally:
        batcher_one.stop(5)
        batcher_two.stop(5)


def test_vectors_are_exact_in_float16(embedder: Embedder) -> None:
    vector = embedder.embed(["a rabbit"]).vectors[0]
    assert vector.dtype == np.float32
    assert np.array_equal(vector, vector.astype(np.float16).astype(np.float32))


def test_spellings_of_one_text_are_one_text(embedder: Embedder) -> None:
    answer = embedder.embed(["  a\trabbit ", "a  rabbit", "caf\u00e9", "cafe\u0301"])
    assert answer.vectors[0].tobytes() == answer.vectors[1].tobytes()
    assert answer.vectors[2].tobytes() == answer.vectors[3].tobytes()
    assert answer.vectors[0].tobytes() != answer.vectors[2].tobytes()


def test_no_text_is_no_work(embedder: Embedder) -> None:
    assert embedder.embed([]).vectors == []
    assert asyncio.run(embedder.embed_async([])).vectors == []


@pytest.mark.parametrize(
    ("text", "code"),
    [(" \n ", "text-blank"), ("x" * (MAX_CHARACTERS + 1), "text-too-long"), ("?", "text-not-encodable")],
)
def test_texts_that_cannot_be_encoded_are_named(embedder: Embedder, text: str, code: str) -> None:
    with pytest.raises(Rejected, match="texts") as blocking:
        embedder.embed([text])
    with pytest.raises(Rejected, match="texts") as awaiting:
        asyncio.run(embedder.embed_async([text]))
    assert blocking.value.code == awaiting.value.code == code


def test_recent_vectors_forget_the_least_recently_used() -> None:
    recent = RecentVectors(2)
    for text in ("a", "b"):
        recent.keep(text, np.zeros(1, dtype=np.float32))
    recent.get("a")
    recent.keep("c", np.zeros(1, dtype=np.float32))
    assert recent.get("a") is not None
    assert recent.get("b") is None


def test_normalise_keeps_case_and_punctuation() -> None:
    assert normalise("  A man,\u00a0\u2003talking!\n") == "A man, talking!"
