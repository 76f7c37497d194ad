"""Asking through the topics: publish the query, wait for its ranked results."""

from __future__ import annotations

import queue
import time
from typing import TYPE_CHECKING

from vtr.cli.errors import CliError
from vtr.cli.events import producing, tailing
from vtr.cli.exit_codes import ExitCode
from vtr.contracts.events import ResultsRanked

if TYPE_CHECKING:
    from vtr.contracts.events import QuerySubmitted
    from vtr.runtime.settings import KafkaSettings

POLL_S = 0.2


def ask_topics(kafka: KafkaSettings, query: QuerySubmitted, timeout_s: float) -> ResultsRanked:
    """The answer to ``query`` from ``vtr.results.ranked.v1``.

    The wait for it begins when the query is published. Raises :class:`CliError` when the time is over.
    """
    answers: queue.SimpleQueue[ResultsRanked] = queue.SimpleQueue()

    def see(results: ResultsRanked) -> None:
        if results.query_id == query.query_id:
            answers.put(results)

    with tailing(kafka, [ResultsRanked], see) as listening:
        with producing(kafka) as producer:
            producer.publish(query, tenant=query.tenant)
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            try:
                return answers.get(timeout=min(POLL_S, left))
            except queue.Empty:
                listening.check()
    raise CliError(
        f"no results for query {query.query_id} within {timeout_s:g} s",
        code=ExitCode.TIMED_OUT,
        fix="Are text_encoder and ranking up? What cannot be answered is a dead letter: `vtr dlq list`.",
    )
