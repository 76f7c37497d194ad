"""QueryEncoded -> ResultsRanked: the asynchronous way to an answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from ranking.ranker import Ranker, TextVectors
from vtr.contracts.events import QueryEncoded, ResultsRanked
from vtr.contracts.events.results import SkippedStage
from vtr.contracts.step import Emit, Message, Rejected, Unavailable
from vtr.observability.logging import get_logger
from vtr.observability.metrics import QUERIES, QUERY_SECONDS, STAGE_SECONDS, STAGES_SKIPPED
from vtr.vectors.arrays import to_array

SERVICE = "ranking"
PATH = "topic"

log = get_logger(SERVICE)


def text_vectors(encoded: QueryEncoded) -> TextVectors | None:
    """The vectors of an encoded query; None for one without text.

    Raises :class:`Rejected` (``invalid-vector``) for values that are not finite.
    """
    if not encoded.vectors:
        return None
    try:
        return TextVectors(
            encoded.model,
            {item.modality: to_array(item.vector) for item in encoded.vectors},
            models={item.modality: item.model for item in encoded.vectors if item.model is not None},
            weights={item.modality: item.weight for item in encoded.vectors},
        )
    except ValueError as error:
        raise Rejected("invalid-vector", f"vectors: {error}") from error


class AnswerQueries:
    """A step. While the store is away a query waits; past ``max_age_s`` it is answered, empty and degraded,
    so that whoever waits for it is not left alone.
    """

    def __init__(
        self,
        ranker: Ranker,
        *,
        max_age_s: float,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._ranker = ranker
        self._max_age_s = max_age_s
        self._now = now

    def handle(self, batch: Sequence[Message[QueryEncoded]]) -> Iterable[Emit]:
        for message in batch:
            yield Emit(self._answer(message), cause=message)

    def rejected(self, message: Message[QueryEncoded], error: Rejected) -> Iterable[Emit]:
        QUERIES.labels(PATH, "rejected").inc()
        yield Emit(self._empty(message.event, f"{error.code}: {error.message}"), cause=message)

    def flush(self) -> None:
        """Nothing waits: an answer is its own record."""

    def _answer(self, message: Message[QueryEncoded]) -> ResultsRanked:
        began = time.monotonic()
        encoded = message.event
        try:
            results = self._ranker.answer(encoded.query, text_vectors(encoded), encode_ms=encoded.encode_ms)
        except Unavailable as error:
            age_s = (self._now() - message.envelope.time).total_seconds()
            if age_s < self._max_age_s:
                raise
            QUERIES.labels(PATH, "unavailable").inc()
            log.warning("query given up", query_id=encoded.query.query_id, age_s=age_s, reason=str(error))
            return self._empty(encoded, str(error))
        observe(results, PATH, time.monotonic() - began)
        return results

    def _empty(self, encoded: QueryEncoded, reason: str) -> ResultsRanked:
        query = encoded.query
        return ResultsRanked(
            query_id=query.query_id,
            answered_at=self._now(),
            model=encoded.model,
            hits=(),
            tenant=query.tenant,
            user_id=query.user_id,
            text=query.text,
            skipped=(SkippedStage(stage="query", reason=reason),),
            degraded=True,
        )


def observe(results: ResultsRanked, path: str, seconds: float) -> None:
    """Count one answer."""
    QUERIES.labels(path, "degraded" if results.degraded else "answered").inc()
    QUERY_SECONDS.labels(path).observe(seconds)
    for stage, took_ms in results.took_ms.items():
        STAGE_SECONDS.labels(stage).observe(took_ms / 1000)
    for skipped in results.skipped:
        STAGES_SKIPPED.labels(skipped.stage).inc()
