"""The consumer loop: polls in one thread, works in others, commits what is done, leaves in order.

See README.md for the guarantees and for what blocks where.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import KafkaError

from vtr.contracts.events import Event
from vtr.contracts.step import Step, Unavailable
from vtr.contracts.topics import consumer_group, load_topics
from vtr.kafka.admin import dead_letters_of, ensure_topics
from vtr.kafka.breaker import RatioBreaker
from vtr.kafka.burial import DeadLetterWriter
from vtr.kafka.checkpoint import Checkpointer, Ticket
from vtr.kafka.commits import send_commit
from vtr.kafka.config import client_config
from vtr.kafka.delivery import Partition
from vtr.kafka.intake import Intake
from vtr.kafka.lag import LagMeter
from vtr.kafka.membership import MembershipGuard
from vtr.kafka.offsets import Commit
from vtr.kafka.pipeline import Pipeline
from vtr.kafka.producer import EventProducer
from vtr.kafka.progress import Progress
from vtr.kafka.rebalance import Rebalance
from vtr.kafka.workers import BatchRunner, WorkerPool
from vtr.observability import metrics
from vtr.observability.logging import get_logger
from vtr.runtime.settings import ServiceSettings

POLL_MS = 200
PAUSED_POLL_MS = 20
"""While anything is paused, room may open any moment and the client cannot be woken for it."""

FETCH_WAIT_MS = 200
HEARTBEAT_MS = 1_000
"""A member learns of a rebalance by its heartbeat, and a cooperative one takes two rounds."""

MIN_FETCH_BYTES = 1024 * 1024
ALL_RECORDS = 1_000_000
TOPICS_WAIT_S = 1.0
CONNECT_MS = 3_000
"""One try to find a broker; others follow, but a stop comes through only between them."""

MAX_REWINDS = 3
"""Lost deliveries in a row, with no checkpoint between, after which the loop stops."""

MAX_REWIND_WAIT_S = 5.0

CLOSE_RESERVE_S = 2.0
"""Of the time to stop, what is kept for the commit and for leaving the group."""

_log = get_logger(__name__)


class ProducerLostRecords(Exception):  # noqa: N818  (named after what happened)
    """The producer gave records up again and again; see its log lines for the reasons."""


class ConsumerLoop:
    """Reads the topics of ``steps`` as one member of a group; see :class:`vtr.runtime.service.Loop`.

    :param steps: the step of each event type; one step may serve several.
    :param group: defaults to the service's own group.
    """

    def __init__(
        self,
        service: str,
        steps: Mapping[type[Event], Step[Any]],
        settings: ServiceSettings,
        producer: EventProducer,
        group: str | None = None,
    ) -> None:
        self._service = service
        self._settings = settings
        self._limits = settings.consumer
        self._group = group or consumer_group(service)
        self.name = f"consume:{self._group}"
        self._topics = sorted(event.TYPE for event in steps)
        self._pipeline = Pipeline(self._limits)
        self._progress = Progress(self._limits.stalled_after_s, time.monotonic)
        self._checkpointer = Checkpointer(service, self._pipeline, list(steps.values()), producer)
        runner = BatchRunner(
            service,
            steps={event.TYPE: step for event, step in steps.items()},
            producer=producer,
            dead_letters=DeadLetterWriter(producer, group=self._group, service=service),
            breaker=RatioBreaker(
                max_ratio=self._limits.dlq_max_ratio,
                window=self._limits.dlq_window,
                min_rejected=self._limits.dlq_min_rejected,
            ),
            settings=self._limits,
            progress=self._progress,
        )
        self._workers = WorkerPool(
            self.name,
            count=self._limits.workers,
            pipeline=self._pipeline,
            runner=runner,
            progress=self._progress,
            failed=self._fail,
        )
        self._lag = LagMeter(service, self._pipeline, self._progress)
        self._thread = threading.Thread(target=self._run, name=f"{self.name}-poll", daemon=True)
        self._stop = threading.Event()
        self._stop_by: float | None = None
        self._failure: BaseException | None = None
        self._intake = Intake(self._pipeline)
        self._ticket: Ticket | None = None
        self._next_checkpoint = 0.0
        self._committing: Any = None
        self._rewinds = 0
        self._membership = MembershipGuard()

    def start(self) -> None:
        """Start the threads; returns at once, whether or not Kafka answers."""
        self._checkpointer.start()
        self._workers.start()
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Take in nothing more, drain, flush, commit, leave the group; returns within about ``timeout_s``."""
        self._stop_by = time.monotonic() + timeout_s
        self._stop.set()
        self._thread.join(timeout_s + CLOSE_RESERVE_S)
        if self._thread.is_alive():
            _log.error("poll thread did not end in time", loop=self.name)

    def failure(self) -> BaseException | None:
        return self._failure

    def stalled(self) -> str | None:
        return self._progress.stalled()

    def in_flight(self) -> int:
        """Records fetched and not yet done."""
        return self._pipeline.load().count

    def assignment(self) -> set[Partition]:
        """The partitions that this member works on."""
        return self._pipeline.assigned()

    # --- The poll thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            consumer = self._connect()
            if consumer is not None:
                self._consume(consumer)
        except BaseException as error:  # noqa: BLE001  (the thread's end is the loop's failure)
            self._fail(error)
        finally:
            self._pipeline.close()
            remaining = 0.0 if self._stop_by is None else max(0.0, self._stop_by - time.monotonic())
            if not self._workers.join(min(remaining, CLOSE_RESERVE_S)):
                _log.warning("left with work still running; it will repeat", loop=self.name)
            self._checkpointer.stop(min(remaining, CLOSE_RESERVE_S))

    def _connect(self) -> Any:
        wait_s = self._limits.retry_initial_s
        while not self._stop.is_set():
            try:
                if self._group != consumer_group(self._service):
                    # Only the services' own groups have their dead letter topics declared.
                    specs = load_topics()
                    ensure_topics(
                        self._settings.kafka,
                        [dead_letters_of(specs[topic], self._group) for topic in self._topics],
                    )
                return KafkaConsumer(
                    **client_config(self._settings.kafka, client_id=f"{self._service}-{os.getpid()}")
                    | {"bootstrap_timeout_ms": CONNECT_MS},
                    group_id=self._group,
                    partition_assignment_strategy=[CooperativeStickyAssignor],
                    enable_auto_commit=False,
                    auto_offset_reset="earliest",
                    allow_auto_create_topics=False,
                    max_poll_interval_ms=self._limits.max_poll_interval_ms,
                    session_timeout_ms=self._limits.session_timeout_ms,
                    heartbeat_interval_ms=min(HEARTBEAT_MS, self._limits.session_timeout_ms // 3),
                    fetch_max_wait_ms=FETCH_WAIT_MS,
                    fetch_max_bytes=max(MIN_FETCH_BYTES, self._limits.max_in_flight_bytes),
                    # Not a limit: the client (3.0.12) never hands out again what it has parsed, not returned,
                    # and then seen paused. So a poll takes all there is, and the intake holds it.
                    max_poll_records=ALL_RECORDS,
                    metadata_max_age_ms=30_000,
                    metrics_enabled=False,
                )
            except (KafkaError, OSError, Unavailable) as error:
                if isinstance(error, KafkaError) and not error.retriable:
                    raise
                _log.warning(
                    "no broker, trying again",
                    address=self._settings.kafka.bootstrap_servers,
                    error=repr(error),
                    seconds=wait_s,
                )
                self._stop.wait(wait_s)
                wait_s = min(2 * wait_s, self._limits.retry_max_s)
        return None

    def _consume(self, consumer: Any) -> None:
        listener = Rebalance(self._service, consumer, self._pipeline, self._checkpointer, self._drain_s)
        try:
            consumer.subscribe(topics=self._topics, listener=listener)
            self._await_topics(consumer)
            while not self._stop.is_set() and self._failure is None:
                self._cycle(consumer)
            self._wind_down(consumer)
        finally:
            remaining = CLOSE_RESERVE_S if self._stop_by is None else self._stop_by - time.monotonic()
            consumer.close(timeout_ms=int(1000 * max(0.5, min(CLOSE_RESERVE_S, remaining))))

    def _await_topics(self, consumer: Any) -> None:
        """Join the group only once all topics are known.

        A leader that joins before its metadata arrived assigns nothing to anyone, and finds out only with the
        next periodic refresh.
        """
        told = False
        while not self._stop.is_set():
            missing = [topic for topic in self._topics if not consumer.partitions_for_topic(topic)]
            if not missing:
                return
            if not told:
                _log.warning("waiting for topics to be created", topics=missing)
                told = True
            self._stop.wait(TOPICS_WAIT_S)

    def _cycle(self, consumer: Any) -> None:
        self._checkpoint(consumer)
        self._membership.check(consumer)
        self._poll(consumer)
        self._lag.measure(consumer)

    def _poll(self, consumer: Any) -> None:
        self._intake.retry()
        paused = {Partition(*partition) for partition in consumer.paused()}
        wanted = self._pipeline.to_pause(paused) | self._intake.waiting()
        assigned = {Partition(*partition) for partition in consumer.assignment()}
        consumer.pause(*(TopicPartition(*p) for p in (wanted - paused) & assigned))
        consumer.resume(*(TopicPartition(*p) for p in (paused - wanted) & assigned))
        metrics.PAUSED.labels(self._service).set(len(wanted))
        timeout_ms = PAUSED_POLL_MS if wanted else POLL_MS
        try:
            fetched = consumer.poll(timeout_ms=timeout_ms)
        except KafkaError as error:
            if not error.retriable:
                raise
            _log.warning("poll failed, going on", error=repr(error))
            self._stop.wait(self._limits.retry_initial_s)
            return
        for partition, records in fetched.items():
            self._take_in(Partition(*partition), records)
        load = self._pipeline.load()
        metrics.IN_FLIGHT.labels(self._service).set(load.count)
        metrics.IN_FLIGHT_BYTES.labels(self._service).set(load.size)

    def _take_in(self, partition: Partition, records: Sequence[Any]) -> None:
        metrics.CONSUMED.labels(self._service, partition.topic).inc(len(records))
        self._intake.take(partition, records)

    # --- Checkpoints --------------------------------------------------------------------------------

    def _checkpoint(self, consumer: Any) -> None:
        ended = self._commit_ended()
        now = time.monotonic()
        if self._ticket is None:
            if now >= self._next_checkpoint:
                self._ticket = self._checkpointer.request()
                self._next_checkpoint = now + self._limits.commit_interval_ms / 1000
        elif self._ticket.done.is_set() and ended:
            ticket, self._ticket = self._ticket, None
            self._settle(consumer, ticket)

    def _settle(self, consumer: Any, ticket: Ticket) -> None:
        if ticket.error is not None:
            raise ticket.error
        if ticket.lost:
            self._rewind(consumer)
            return
        if ticket.commits:
            self._rewinds = 0
        self._commit(consumer, ticket)

    def _commit(self, consumer: Any, ticket: Ticket) -> None:
        commits = self._pipeline.outstanding(ticket.commits)
        if commits:
            self._committing = send_commit(consumer, commits, self._committed)

    def _committed(self, commits: Mapping[Partition, Commit]) -> None:
        self._pipeline.committed(commits)
        metrics.COMMITS.labels(self._service).inc()

    def _commit_ended(self) -> bool:
        """Whether no commit is under way; one that failed is made again with the next checkpoint."""
        if self._committing is not None and self._committing.is_done:
            if self._committing.failed():
                _log.info("commit failed, will try again", error=repr(self._committing.exception))
            self._committing = None
        return self._committing is None

    def _rewind(self, consumer: Any) -> None:
        """What was done since the last commit lost its output: do it again."""
        self._rewinds += 1
        if self._rewinds > MAX_REWINDS:
            raise ProducerLostRecords(f"{self._rewinds} times without a checkpoint between")
        self._stop.wait(min(self._limits.retry_initial_s * 2**self._rewinds, MAX_REWIND_WAIT_S))
        assigned = {Partition(*partition) for partition in consumer.assignment()}
        seeks = self._pipeline.rewind()
        self._checkpointer.rewound()
        for partition, offset in seeks.items():
            if partition in assigned:
                consumer.seek(TopicPartition(*partition), offset)
        _log.warning("producer lost records, repeating from the last commit", partitions=len(seeks))

    # --- The end ------------------------------------------------------------------------------------

    def _drain_s(self) -> float:
        """How long a drain may take now."""
        drain_s = min(self._limits.drain_timeout_s, self._limits.max_poll_interval_ms / 2000)
        if self._stop_by is not None:
            drain_s = min(drain_s, self._stop_by - time.monotonic() - CLOSE_RESERVE_S)
        return max(0.0, drain_s)

    def _wind_down(self, consumer: Any) -> None:
        """Drain and commit everything, polling on, so that heartbeats and rebalances go on meanwhile."""
        deadline = time.monotonic() + self._drain_s()
        while time.monotonic() < deadline:
            # Each time round: a rebalance under way may still hand over partitions.
            assigned = self._pipeline.assigned()
            self._pipeline.begin_drain(assigned)
            if self._pipeline.drained(assigned):
                break
            self._poll(consumer)
        ticket = self._checkpointer.request()
        deadline += CLOSE_RESERVE_S / 2
        while not ticket.done.is_set() and time.monotonic() < deadline:
            self._poll(consumer)
        if ticket.error is not None:
            self._fail(ticket.error)
        elif ticket.lost:
            _log.warning("producer lost records, nothing more is committed", loop=self.name)
        elif ticket.done.is_set():
            while self._pipeline.outstanding(ticket.commits) and time.monotonic() < deadline:
                if self._commit_ended():
                    self._commit(consumer, ticket)
                self._poll(consumer)
        self._drop_rest()

    def _drop_rest(self) -> None:
        rest = self._pipeline.assigned()
        unfinished = self._pipeline.release(rest)
        if unfinished:
            _log.warning(
                "left with records not done; they will repeat", loop=self.name, unfinished=unfinished
            )

    def _fail(self, error: BaseException) -> None:
        if self._failure is None:
            self._failure = error
            self._pipeline.begin_drain(self._pipeline.assigned())
            _log.error("loop failed", loop=self.name, error=repr(error))
