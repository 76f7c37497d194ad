"""Micro-batching: texts that arrive close together go through the model together.

One worker thread owns the model. It takes the first waiting text, waits a few milliseconds for company, and
encodes up to ``max_batch`` at once (dynamic batching as in Clipper, Crankshaw et al., NSDI 2017).
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vtr.contracts.step import Unavailable
from vtr.observability.logging import get_logger

Vectors = NDArray[np.float32]
_STOP_POLL_S = 0.2

log = get_logger("text_encoder.batcher")


class QueueFullError(Exception):
    """More texts wait than the queue holds; the caller should come back later."""


@dataclass(slots=True)
class _Waiting:
    text: str
    future: Future[Vectors] = field(default_factory=Future)
    since: float = field(default_factory=time.monotonic)


class MicroBatcher:
    """A loop (see :mod:`vtr.runtime.service`) around ``encode``: texts to an array [N, D].

    ``on_wait`` gets each text's wait in seconds, ``on_inference`` the seconds and size of each batch.
    """

    name = "batcher"

    def __init__(
        self,
        encode: Callable[[list[str]], Vectors],
        *,
        max_batch: int,
        linger_s: float,
        max_queue: int,
        on_wait: Callable[[float], None] = lambda _seconds: None,
        on_inference: Callable[[float, int], None] = lambda _seconds, _texts: None,
    ) -> None:
        self._encode = encode
        self._max_batch = max_batch
        self._linger_s = linger_s
        self._queue: queue.Queue[_Waiting] = queue.Queue(maxsize=max_queue)
        self._on_wait = on_wait
        self._on_inference = on_inference
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="batcher", daemon=True)

    def submit(self, texts: Sequence[str], *, wait_s: float = 0.0) -> list[Future[Vectors]]:
        """One future [D] per text.

        Raises :class:`QueueFullError` when they do not all fit within ``wait_s`` (those that did are
        withdrawn), :class:`Unavailable` when the batcher has stopped.
        """
        deadline = time.monotonic() + wait_s
        placed: list[_Waiting] = []
        try:
            for text in texts:
                self._check_running()
                item = _Waiting(text)
                left = deadline - time.monotonic()
                if left > 0:
                    self._queue.put(item, timeout=left)
                else:
                    self._queue.put_nowait(item)
                placed.append(item)
        except queue.Full:
            for item in placed:
                item.future.cancel()
            raise QueueFullError(f"{self._queue.maxsize} texts wait already") from None
        except Unavailable:
            for item in placed:
                item.future.cancel()
            raise
        return [item.future for item in placed]

    def _check_running(self) -> None:
        if self._stop.is_set():
            raise Unavailable("text model", "the service is stopping")

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Finish what waits, then end; what is left at the deadline fails as :class:`Unavailable`."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        while True:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return
            if item.future.set_running_or_notify_cancel():
                item.future.set_exception(Unavailable("text model", "the service is stopping"))

    def failure(self) -> BaseException | None:
        return self._failure

    def stalled(self) -> str | None:
        return None

    @property
    def depth(self) -> int:
        """How many texts wait."""
        return self._queue.qsize()

    def _run(self) -> None:
        try:
            while batch := self._collect():
                self._work(batch)
        except BaseException as error:  # noqa: BLE001  (the runner sees it and ends the service)
            self._failure = error
            self._stop.set()

    def _collect(self) -> list[_Waiting]:
        """The next batch; empty when it is time to end."""
        while True:
            try:
                first = self._queue.get(timeout=_STOP_POLL_S)
                break
            except queue.Empty:
                if self._stop.is_set():
                    return []
        batch = [first]
        deadline = time.monotonic() + self._linger_s
        while len(batch) < self._max_batch:
            left = deadline - time.monotonic()
            try:
                batch.append(self._queue.get(timeout=left) if left > 0 else self._queue.get_nowait())
            except queue.Empty:
                break
        return batch

    def _work(self, batch: list[_Waiting]) -> None:
        now = time.monotonic()
        live = [item for item in batch if item.future.set_running_or_notify_cancel()]
        for item in live:
            self._on_wait(now - item.since)
        if not live:
            return
        # The same text asked twice at once goes through the model once.
        texts = list(dict.fromkeys(item.text for item in live))
        try:
            vectors = self._infer(texts)
        except Exception as error:
            if len(texts) == 1:
                for item in live:
                    item.future.set_exception(error)
                return
            # One text must not spoil the answers of the others: find it by encoding each alone.
            log.warning("batch failed, encoding one by one", texts=len(texts), exc_info=True)
            self._one_by_one(live)
            return
        by_text = dict(zip(texts, vectors, strict=True))
        for item in live:
            item.future.set_result(by_text[item.text])

    def _one_by_one(self, live: list[_Waiting]) -> None:
        for item in live:
            try:
                item.future.set_result(self._infer([item.text])[0])
            except Exception as error:  # noqa: BLE001  (whoever waits gets it)
                item.future.set_exception(error)

    def _infer(self, texts: list[str]) -> Vectors:
        began = time.monotonic()
        vectors = self._encode(texts)
        self._on_inference(time.monotonic() - began, len(texts))
        if vectors.ndim != 2 or len(vectors) != len(texts):
            raise RuntimeError(f"the model gave shape {vectors.shape} for {len(texts)} texts")
        return vectors
