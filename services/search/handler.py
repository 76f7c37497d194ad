"""ResultsRanked -> an impression for each video that a known person was shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from search.naming import impression_id
from vtr.contracts.events import InteractionRecorded, ResultsRanked
from vtr.contracts.step import Emit, Message, Rejected
from vtr.observability.metrics import INTERACTIONS


class RecordImpressions:
    """A step. What was shown, and where, is what clicks are later weighed against (position bias)."""

    def handle(self, batch: Sequence[Message[ResultsRanked]]) -> Iterable[Emit]:
        for message in batch:
            answer = message.event
            if answer.user_id is None:
                continue
            shown: set[str] = set()
            for hit in answer.hits:
                if hit.video_id in shown:
                    continue
                shown.add(hit.video_id)
                INTERACTIONS.labels("impression").inc()
                yield Emit(
                    InteractionRecorded(
                        interaction_id=impression_id(answer.query_id, hit.video_id),
                        user_id=answer.user_id,
                        video_id=hit.video_id,
                        kind="impression",
                        occurred_at=answer.answered_at,
                        tenant=answer.tenant,
                        clip_id=hit.clip_id,
                        query_id=answer.query_id,
                        position=hit.rank,
                    ),
                    cause=message,
                )

    def rejected(self, _message: Message[ResultsRanked], _error: Rejected) -> Iterable[Emit]:
        return ()

    def flush(self) -> None:
        """Nothing waits."""
