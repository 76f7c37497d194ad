"""The time of an answer: how long each stage took, how much of the budget is left, what was left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from vtr.contracts.events.results import SkippedStage


class Stages:
    """The record of one answer. ``clock`` is monotonic, in seconds."""

    def __init__(self, budget_ms: float, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began = clock()
        self.budget_ms = budget_ms
        self.took_ms: dict[str, float] = {}
        self.skipped: list[SkippedStage] = []
        self.degraded = False

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Adds the time within to ``stage``, whether it ends well or not."""
        began = self._clock()
        try:
            yield
        finally:
            took = (self._clock() - began) * 1000
            self.took_ms[stage] = round(self.took_ms.get(stage, 0.0) + took, 3)

    def skip(self, stage: str, reason: str, *, degrades: bool) -> None:
        """Note that ``stage`` did not run; ``degrades`` when the hits or their order may differ for it."""
        self.skipped.append(SkippedStage(stage=stage, reason=reason))
        self.degraded = self.degraded or degrades

    def left_ms(self) -> float:
        """What is left of the budget; negative when it is overdrawn."""
        return self.budget_ms - (self._clock() - self._began) * 1000

    def finish(self) -> dict[str, float]:
        """The times of all stages with the ``total``."""
        return {**self.took_ms, "total": round((self._clock() - self._began) * 1000, 3)}
