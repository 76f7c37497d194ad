"""Transient faults are waited out; a stop or revoke ends the waiting at once."""

from __future__ import annotations

import threading

import pytest

from vtr.contracts.step import Rejected, Unavailable
from vtr.kafka.retry import until_available
from vtr.runtime.settings import ConsumerSettings

QUICK = ConsumerSettings(retry_initial_s=0.001, retry_max_s=0.002)


def test_it_repeats_until_the_dependency_answers() -> None:
    tries = 0
    waits: list[float] = []

    def work() -> str:
        nonlocal tries
        tries += 1
        if tries < 30:
            raise Unavailable("milvus", "away")
        return "done"

    assert until_available(work, QUICK, threading.Event(), lambda _, s: waits.append(s)) == "done"
    assert tries == 30
    assert len(waits) == 29
    assert max(waits) <= QUICK.retry_max_s


def test_other_errors_pass() -> None:
    def work() -> None:
        raise Rejected("bad", "no")

    with pytest.raises(Rejected):
        until_available(work, QUICK, threading.Event(), lambda *_: None)


def test_abandoning_ends_a_wait_in_progress() -> None:
    abandon = threading.Event()
    patient = ConsumerSettings(retry_initial_s=3600, retry_max_s=3600)

    def work() -> None:
        raise Unavailable("milvus", "away")

    # The wait of an hour begins after this; setting the event from it must end it.
    with pytest.raises(Unavailable, match="milvus: away"):
        until_available(work, patient, abandon, lambda *_: abandon.set())


def test_an_abandoned_batch_is_tried_once() -> None:
    abandon = threading.Event()
    abandon.set()
    tries: list[int] = []

    def work() -> None:
        tries.append(1)
        raise Unavailable("milvus", "away")

    with pytest.raises(Unavailable):
        until_available(work, QUICK, abandon, lambda *_: None)
    assert len(tries) == 1
