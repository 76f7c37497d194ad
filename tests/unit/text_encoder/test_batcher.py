"""Texts that come close together are encoded together; a bad one spoils none but itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from text_encoder.batcher import MicroBatcher, QueueFullError, Vectors
from vtr.contracts.step import Unavailable


class Model:
    """Encodes a text as its length; records its batches; can be held at the gate."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, texts: list[str]) -> Vectors:
        self.batches.append(texts)
        assert self.gate.wait(10)
        if "bad" in texts:
            raise ValueError("bad text")
        return np.array([[len(text), 1.0] for text in texts], dtype=np.float32)


@contextmanager
def running(model: Model, *, max_batch: int = 8, max_queue: int = 16) -> Iterator[MicroBatcher]:
    batcher = MicroBatcher(model, max_batch=max_batch, linger_s=0.05, max_queue=max_queue)
    batcher.start()
    try:
        yield batcher
    finally:
        model.gate.set()
        batcher.stop(5)


def test_texts_submitted_together_share_a_forward_pass() -> None:
    model = Model()
    with running(model) as batcher:
        futures = batcher.submit(["a", "bb", "ccc"])
        assert [float(future.result(5)[0]) for future in futures] == [1, 2, 3]
    assert model.batches == [["a", "bb", "ccc"]]


def test_what_arrives_during_a_pass_forms_the_next_batch_up_to_the_limit() -> None:
    model = Model()
    model.gate.clear()
    with running(model, max_batch=2) as batcher:
        first = batcher.submit(["x"])
        while not model.batches:
            pass
        rest = batcher.submit(["a", "b", "c"])
        model.gate.set()
        for future in first + rest:
            future.result(5)
    assert model.batches == [["x"], ["a", "b"], ["c"]]


def test_the_same_text_asked_twice_is_encoded_once() -> None:
    model = Model()
    with running(model) as batcher:
        one, two = batcher.submit(["same", "same"])
        assert np.array_equal(one.result(5), two.result(5))
    assert model.batches == [["same"]]


def test_a_bad_text_fails_alone() -> None:
    model = Model()
    with running(model) as batcher:
        good, bad, other = batcher.submit(["good", "bad", "other"])
        assert float(good.result(5)[0]) == 4
        assert float(other.result(5)[0]) == 5
        with pytest.raises(ValueError, match="bad text"):
            bad.result(5)


def test_a_full_queue_refuses_and_withdraws_what_it_took() -> None:
    model = Model()
    model.gate.clear()
    with running(model, max_batch=1, max_queue=2) as batcher:
        first = batcher.submit(["x"])
        while not model.batches:
            pass
        with pytest.raises(QueueFullError, match="2 texts wait"):
            batcher.submit(["a", "b", "c"])
        model.gate.set()
        first[0].result(5)
    assert model.batches == [["x"]], "withdrawn texts are not encoded"


def test_stop_finishes_what_waits_and_then_refuses() -> None:
    model = Model()
    model.gate.clear()
    with running(model, max_batch=1) as batcher:
        futures = batcher.submit(["a", "b"])
        stopper = threading.Thread(target=batcher.stop, args=(5,))
        stopper.start()
        model.gate.set()
        stopper.join(5)
        assert [float(future.result(0)[0]) for future in futures] == [1, 1]
        with pytest.raises(Unavailable, match="stopping"):
            batcher.submit(["late"])


def test_a_model_that_loses_rows_is_an_error_not_a_wrong_answer() -> None:
    batcher = MicroBatcher(
        lambda texts: np.zeros((1, 2), dtype=np.float32)[: len(texts) - 1],
        max_batch=4,
        linger_s=0.0,
        max_queue=4,
    )
    batcher.start()
    try:
        with pytest.raises(RuntimeError, match="for 1 texts"):
            batcher.submit(["a"])[0].result(5)
    finally:
        batcher.stop(5)
