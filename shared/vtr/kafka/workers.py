"""Runs batches through their steps and gives each record its verdict: done, dead-lettered, or not yet."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from vtr.contracts.events import Event
from vtr.contracts.step import Emit, Message, Rejected, Step, Unavailable
from vtr.kafka.breaker import RatioBreaker
from vtr.kafka.burial import DeadLetterWriter
from vtr.kafka.delivery import Delivery
from vtr.kafka.messages import message_of
from vtr.kafka.pipeline import Pipeline
from vtr.kafka.producer import EventProducer
from vtr.kafka.progress import Progress
from vtr.kafka.retry import until_available
from vtr.kafka.scheduler import Batch
from vtr.observability import metrics
from vtr.observability.logging import get_logger
from vtr.runtime.settings import ConsumerSettings

HANDLER_ERROR = "handler-error"
"""The code of dead letters whose step raised something that is not a verdict: a bug, most likely."""

_log = get_logger(__name__)

Pair = tuple[Delivery, Message[Event]]


class BatchRunner:
    """Runs one batch at a time in the calling thread; several threads may share it."""

    def __init__(
        self,
        service: str,
        *,
        steps: Mapping[str, Step[Any]],
        producer: EventProducer,
        dead_letters: DeadLetterWriter,
        breaker: RatioBreaker,
        settings: ConsumerSettings,
        progress: Progress,
    ) -> None:
        self._service = service
        self._steps = steps
        self._producer = producer
        self._dead_letters = dead_letters
        self._breaker = breaker
        self._settings = settings
        self._progress = progress

    def run(self, batch: Batch) -> list[Delivery]:
        """The deliveries of ``batch`` that are done: handled or dead-lettered.

        Those missing were given up because ``batch.abandon`` was set while a dependency was away. Raises
        :class:`vtr.kafka.breaker.PoisonRatioExceeded`; nothing of the batch counts as done then.
        """
        step = self._steps[batch.topic]
        metrics.BATCH_SIZE.labels(self._service, batch.topic).observe(len(batch.deliveries))
        done: list[Delivery] = []
        pairs: list[Pair] = []
        try:
            for delivery in batch.deliveries:
                try:
                    pairs.append((delivery, message_of(delivery)))
                except Rejected as error:
                    self._bury(batch, delivery, None, error)
                    done.append(delivery)
            if pairs:
                self._handle(batch, step, pairs, done)
        except Unavailable as error:
            _log.info("batch given up while waiting", topic=batch.topic, reason=str(error))
        return done

    def _handle(self, batch: Batch, step: Step[Any], pairs: Sequence[Pair], done: list[Delivery]) -> None:
        try:
            self._attempt(batch, step, pairs)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001  (the point: whatever a step raises gets a verdict)
            if len(pairs) > 1:
                _log.info(
                    "batch failed, running it one by one",
                    topic=batch.topic,
                    size=len(pairs),
                    error=repr(error),
                )
                for pair in pairs:
                    self._handle(batch, step, [pair], done)
                return
            self._judge(batch, step, pairs[0], error)
        else:
            self._breaker.accepted(len(pairs))
            metrics.PROCESSED.labels(self._service, batch.topic).inc(len(pairs))
        done.extend(delivery for delivery, _ in pairs)

    def _judge(self, batch: Batch, step: Step[Any], pair: Pair, error: Exception) -> None:
        if isinstance(error, Rejected):
            self._bury(batch, *pair, error)
            return
        _log.warning("step failed, trying once more", topic=batch.topic, error=repr(error))
        try:
            self._attempt(batch, step, [pair])
        except Unavailable:
            raise
        except Rejected as verdict:
            self._bury(batch, *pair, verdict)
        except Exception as again:  # noqa: BLE001  (twice is no accident: poison)
            _log.exception("step failed twice", topic=batch.topic, origin=str(pair[1].origin))
            rejected = Rejected(HANDLER_ERROR, f"{type(again).__name__}: {again}")
            self._bury(batch, *pair, rejected, traceback.format_exc())
        else:
            self._breaker.accepted()
            metrics.PROCESSED.labels(self._service, batch.topic).inc()

    def _attempt(self, batch: Batch, step: Step[Any], pairs: Sequence[Pair]) -> None:
        messages = [message for _, message in pairs]

        def work() -> None:
            with metrics.HANDLE_SECONDS.labels(self._service, batch.topic).time():
                self._publish(step.handle(messages))

        self._patiently(batch, work)

    def _bury(
        self,
        batch: Batch,
        delivery: Delivery,
        message: Message[Event] | None,
        error: Rejected,
        stack: str = "",
    ) -> None:
        step = self._steps[batch.topic]
        # Before anything is written: the record that trips the breaker must stay in its topic.
        self._breaker.rejected(f"{error.code}: {error.message}")
        _log.warning(
            "record rejected",
            topic=delivery.partition.topic,
            partition=delivery.partition.partition,
            offset=delivery.offset,
            code=error.code,
            reason=error.message,
        )

        def tell() -> None:
            if message is not None:
                self._publish(step.rejected(message, error))

        try:
            self._patiently(batch, tell)
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001
            # What a step says about a rejected record must not keep the record out of the dead letters.
            _log.exception("step could not tell of a rejection", topic=batch.topic, code=error.code)
        self._patiently(batch, lambda: self._dead_letters.write(delivery, error, stack))

    def _publish(self, emits: Iterable[Emit]) -> None:
        for emit in emits:
            self._producer.publish(emit.event, cause=emit.cause)
            # A step that yields is alive, however long its input takes.
            self._progress.made()

    def _patiently(self, batch: Batch, work: Callable[[], None]) -> None:
        def waiting(error: Unavailable, seconds: float) -> None:
            metrics.RETRIES.labels(self._service, error.dependency).inc()
            self._progress.made()
            _log.warning(
                "dependency unavailable, waiting",
                dependency=error.dependency,
                reason=str(error),
                seconds=round(seconds, 2),
            )

        until_available(work, self._settings, batch.abandon, waiting)


class WorkerPool:
    """Threads that take batches from the pipeline until it closes."""

    def __init__(
        self,
        name: str,
        *,
        count: int,
        pipeline: Pipeline,
        runner: BatchRunner,
        progress: Progress,
        failed: Callable[[BaseException], None],
    ) -> None:
        self._pipeline = pipeline
        self._runner = runner
        self._progress = progress
        self._failed = failed
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-worker-{number}", daemon=True)
            for number in range(count)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self, timeout_s: float) -> bool:
        """Wait for the threads to end after the pipeline was closed; whether all did."""
        deadline = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while (batch := self._pipeline.take()) is not None:
            done: list[Delivery] = []
            try:
                done = self._runner.run(batch)
            except BaseException as error:  # noqa: BLE001  (a verdict on the loop: it stops with this reason)
                self._failed(error)
            finally:
                self._pipeline.finish(batch, done)
                self._progress.made()
