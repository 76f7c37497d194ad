"""The learned heads at work on one query: compose, re-order, explain, as far as the time goes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from ranking.costs import Costs, how_many
from ranking.stages import Stages
from vtr.contracts.events.results import HeadPart, HeadUsed, Manner, Moment
from vtr.contracts.step import Unavailable
from vtr.models.encoders.clip_states import ClipStates
from vtr.models.heads.serving.protocol import (
    Clip,
    Composer,
    HeadBundle,
    HeadRunner,
    HeadScores,
    Heat,
    QueryStates,
)
from vtr.vectors.arrays import FloatArray
from vtr.vectors.store import Candidate, ClipRow

STATES = "states"
_RESERVE = 0.05
"""Of a query's budget, what heads leave to the stages after them."""
_NOTHING = HeadScores(np.zeros(0, dtype=np.float32), ())


class States(Protocol):
    """See :class:`ranking.state_store.StateStore`."""

    def load(self, rows: Sequence[ClipRow]) -> list[ClipStates | str]: ...


@dataclass(frozen=True)
class Desk:
    """What all queries share. One pass runs at a time, under ``lock``: more would wait for the same cores.

    ``candidates``: how many of the nearest clips heads may re-order; ``batch``: clips in one pass. ``clock``
    is monotonic, in seconds.
    """

    states: States
    candidates: int
    batch: int
    clock: Callable[[], float] = time.monotonic
    costs: Costs = field(default_factory=Costs)
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(slots=True)
class Told:
    """What heads told of one clip."""

    parts: dict[str, HeadPart] = field(default_factory=dict)
    moments: tuple[Moment, ...] = ()
    heat: Heat | None = None
    manner: Manner | None = None


class QueryHeads:
    """The heads of one query. ``told`` grows by clip id; not thread safe."""

    def __init__(
        self,
        desk: Desk,
        bundle: HeadBundle | None,
        runners: Sequence[HeadRunner],
        composer: Composer | None,
        *,
        stages: Stages,
        text: str,
    ) -> None:
        self._desk = desk
        self._bundle = bundle
        self._runners = tuple(runners)
        self._composer = composer
        self._stages = stages
        self._text = text
        self._read: QueryStates | None = None
        self._clips: dict[str, Clip | str] = {}
        self._used: dict[str, HeadUsed] = {}
        self._cut: set[str] = set()
        self.told: dict[str, Told] = {}

    @property
    def used(self) -> tuple[HeadUsed, ...]:
        """The heads that looked at something."""
        return tuple(self._used.values())

    @property
    def re_order(self) -> bool:
        """Whether :meth:`rerank` would change anything."""
        return any(runner.serving.weight for runner in self._runners)

    def compose(self, example: FloatArray, rows: Sequence[ClipRow]) -> FloatArray | None:
        """The example [D], whose clips are ``rows``, changed by the words; None where no composer can."""
        if self._composer is None:
            return None
        composer = self._composer
        stage = f"head:{composer.name}"
        try:
            clips = self._load(rows)
            missing = [clip for clip in clips if isinstance(clip, str)]
            if missing or not clips:
                reason = (
                    f"{len(missing)} of {len(clips)} clips of the example: {missing[0] if missing else ''}"
                )
                self._stages.skip(stage, reason, degrades=True)
                return None
            with self._stages.measure(stage), self._desk.lock:
                seen = [clip for clip in clips if isinstance(clip, Clip)]
                found = composer.compose(self._query(), example, seen)
        except (ValueError, Unavailable) as error:
            self._stages.skip(stage, str(error), degrades=True)
            return None
        self._note(composer, len(rows), {"kept": round(found.kept, 4)})
        return found.vector

    def rerank(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """``candidates`` (best first) in the order of cosine plus the weighted scores of the heads.

        Each head looks at the first of what the one before left: those below what it looked at stay below.
        """
        order = list(candidates)
        scores = {candidate.row.clip_id: candidate.cosine for candidate in order}
        for runner in self._runners:
            weight = runner.serving.weight
            if weight == 0:
                continue
            depth = min(runner.serving.depth, self._desk.candidates, len(order))
            found = self._look(runner, [candidate.row for candidate in order[:depth]], weight)
            if not found:
                continue
            worst = min(found.values())
            scores = {key: score + weight * found.get(key, worst) for key, score in scores.items()}
            order.sort(key=lambda c: (-scores[c.row.clip_id], c.row.clip_id))
        return order

    def explain(self, rows: Sequence[ClipRow]) -> None:
        """Lets each head look at those of ``rows`` (the clips that will be shown) that it has not seen."""
        for runner in self._runners:
            unseen = [
                row
                for row in rows
                if runner.name not in self.told.get(row.clip_id, Told()).parts
                and not isinstance(self._clips.get(row.clip_id), str)
            ]
            if unseen:
                self._look(runner, unseen, 0.0)

    # --- One head over some clips ---------------------------------------------------------------------

    def _look(self, runner: HeadRunner, rows: Sequence[ClipRow], weight: float) -> dict[str, float]:
        """The head's scores by clip id, of as many of ``rows`` as there is time for."""
        stage = f"head:{runner.name}"
        found: dict[str, float] = {}
        faults: dict[str, int] = {}
        done = 0
        try:
            while done < len(rows):
                each = self._cost_ms(runner, rows[done : done + self._desk.batch])
                size = how_many(self._left_ms(), each, min(self._desk.batch, len(rows) - done))
                if size == 0:
                    self._cut_off(runner, done, f"after {done} of {len(rows)} clips ({each:.1f} ms each)")
                    break
                part = rows[done : done + size]
                clips = dict(zip([row.clip_id for row in part], self._load(part), strict=True))
                for clip in clips.values():
                    if isinstance(clip, str):
                        faults[clip] = faults.get(clip, 0) + 1
                seen = {clip_id: clip for clip_id, clip in clips.items() if isinstance(clip, Clip)}
                scores = self._pass(runner, list(seen.values())) if seen else _NOTHING
                if scores is None:
                    self._cut_off(runner, done, f"waiting for others after {done} of {len(rows)} clips")
                    break
                done += size
                self._keep(runner, list(seen), scores, weight)
                found |= zip(seen, scores.scores.tolist(), strict=True)
        except (ValueError, Unavailable) as error:
            self._stages.skip(stage, str(error), degrades=True)
        for reason, count in faults.items():
            self._stages.skip(stage, f"{count} of {len(rows)} clips: {reason}", degrades=True)
        self._note(runner, len(found))
        return found

    def _cost_ms(self, runner: HeadRunner, rows: Sequence[ClipRow]) -> float:
        """What one of ``rows`` is expected to take, its states with it where they are not here yet."""
        cost = self._desk.costs.estimate(self._key(runner), self._first_ms(runner))
        here = all(row.clip_id in self._clips for row in rows)
        return cost if here else cost + self._desk.costs.estimate(STATES)

    def _first_ms(self, runner: HeadRunner) -> float:
        return 0.0 if self._bundle is None else self._bundle.cost_ms.get(runner.name, 0.0)

    def _cut_off(self, runner: HeadRunner, done: int, where: str) -> None:
        """Note, once, that the head is out of time."""
        if runner.name in self._cut:
            return
        self._cut.add(runner.name)
        self._stages.skip(f"head:{runner.name}", f"out of time {where}", degrades=True)
        if done == 0:
            self._desk.costs.refused(self._key(runner), self._first_ms(runner))
            self._desk.costs.refused(STATES)

    def _pass(self, runner: HeadRunner, clips: Sequence[Clip]) -> HeadScores | None:
        """One pass; None where others keep the heads busy for longer than there is time.

        Raises ``ValueError`` for clips that the head does not take.
        """
        lock = self._desk.lock
        if not lock.acquire(timeout=max(0.0, self._left_ms() / 1000)):
            return None
        try:
            with self._stages.measure(f"head:{runner.name}"):
                query = self._query()
                began = self._desk.clock()
                scores = runner.score(query, clips)
                took_ms = (self._desk.clock() - began) * 1000
        finally:
            lock.release()
        if not np.isfinite(scores.scores).all():
            raise ValueError(f"scores: are not finite, by {runner.version}")
        self._desk.costs.measured(self._key(runner), took_ms, len(clips))
        return scores

    def _keep(self, runner: HeadRunner, clip_ids: Sequence[str], found: HeadScores, weight: float) -> None:
        for clip_id, score, evidence in zip(clip_ids, found.scores, found.evidence, strict=True):
            told = self.told.setdefault(clip_id, Told())
            gates = {name: round(gate, 4) for name, gate in evidence.gates.items()}
            told.parts[runner.name] = HeadPart(
                head=runner.name, score=float(score), weight=weight, gates=gates
            )
            told.moments = told.moments or evidence.moments
            told.heat = told.heat or evidence.heat
            told.manner = told.manner or evidence.manner

    def _load(self, rows: Sequence[ClipRow]) -> list[Clip | str]:
        """The clips of ``rows`` as heads see them, or why not; of this query's, each is loaded once."""
        new = [row for row in rows if row.clip_id not in self._clips]
        if new:
            began = self._desk.clock()
            with self._stages.measure(STATES):
                states = self._desk.states.load(new)
            self._desk.costs.measured(STATES, (self._desk.clock() - began) * 1000, len(new))
            for row, of_clip in zip(new, states, strict=True):
                self._clips[row.clip_id] = (
                    of_clip if isinstance(of_clip, str) else Clip(of_clip, row.t0_s, row.t1_s)
                )
        return [self._clips[row.clip_id] for row in rows]

    def _query(self) -> QueryStates:
        """The words through the text tower, once. Called with the lock held."""
        assert self._bundle is not None  # noqa: S101
        if self._read is None:
            self._read = self._bundle.read(self._text)
        return self._read

    def _note(
        self, head: HeadRunner | Composer, clips: int, details: Mapping[str, float] | None = None
    ) -> None:
        before = self._used.get(head.name)
        if clips:
            self._used[head.name] = HeadUsed(
                head=head.name,
                version=head.version,
                candidates=clips + (before.candidates if before else 0),
                details=dict(details or {}),
            )

    def _left_ms(self) -> float:
        return self._stages.left_ms() - _RESERVE * self._stages.budget_ms

    def _key(self, head: HeadRunner) -> str:
        return f"{head.name}/{head.version}"
