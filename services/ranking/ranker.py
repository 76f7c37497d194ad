"""A query with its vectors in, a ranked answer out: the one way that HTTP and topics both take."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from ranking.example import ExampleVector, compose, look_up
from ranking.frames import FrameVectors, Localised, localise
from ranking.fuse import FusedClip, fuse
from ranking.group import Group, count_groups, group
from ranking.hits import to_hit
from ranking.retrieve import QueryVectors, plan, retrieve
from ranking.stages import Stages
from vtr.contracts.events import QuerySubmitted, ResultsRanked
from vtr.contracts.step import Rejected, Unavailable
from vtr.contracts.vector import Modality
from vtr.vectors.arrays import FloatArray, normalised
from vtr.vectors.store import CollectionInfo, VectorStore

MIN_CANDIDATES = 50
CANDIDATES_PER_HIT = 10
MAX_CANDIDATES = 8_000
_WIDEN_BY = 4


class WatermarkReader(Protocol):
    """How fresh the index is (see :class:`ranking.watermark.RedisWatermark`)."""

    def read(self) -> datetime | None:
        """None: nothing is known yet. Raises :class:`Unavailable` when it cannot be read."""
        ...


@dataclass(frozen=True, slots=True)
class TextVectors:
    """The query's text as vectors [D] of ``model``, by the modality that each can search.

    ``models`` and ``weights`` as in :class:`ranking.retrieve.QueryVectors`.
    """

    model: str
    by_modality: Mapping[Modality, FloatArray]
    models: Mapping[Modality, str] = field(default_factory=dict)
    weights: Mapping[Modality, float] = field(default_factory=dict)


class Ranker:
    """Thread safe; holds no state of a query."""

    def __init__(
        self,
        store: VectorStore,
        frames: FrameVectors,
        watermark: WatermarkReader,
        *,
        moment_fraction: float = 0.9,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._frames = frames
        self._watermark = watermark
        self._moment_fraction = moment_fraction
        self._clock = clock
        self._now = now

    def answer(
        self, query: QuerySubmitted, text: TextVectors | None, *, encode_ms: float = 0.0
    ) -> ResultsRanked:
        """The answer to ``query``, whose text is ``text`` as vectors.

        Raises :class:`Rejected` for a query that cannot be answered whatever happens, :class:`Unavailable`
        when something is indexed but cannot be searched now.
        """
        stages = Stages(query.budget_ms, self._clock)
        stages.took_ms["encode"] = round(encode_ms, 3)
        # Read before the search: what is promised must have been there when it was searched.
        watermark = self._read_watermark(stages)
        vectors, example = self._vectors(query, text, stages)
        chosen = plan(self._store, vectors, query.modalities, stages)
        clips = self._candidates(query, vectors, example, chosen.searched, stages) if chosen.searched else []
        groups = group(clips, query.group_by, query.k)
        localised = self._localise(groups, vectors.by_modality.get("visual"), stages)
        with stages.measure("explain"):
            hits = tuple(to_hit(rank, one, localised) for rank, one in enumerate(groups, start=1))
        return ResultsRanked(
            query_id=query.query_id,
            answered_at=self._now(),
            model=vectors.model,
            hits=hits,
            tenant=query.tenant,
            user_id=query.user_id,
            text=query.text,
            candidates=len(clips),
            watermark=watermark,
            skipped=tuple(stages.skipped),
            degraded=stages.degraded,
            took_ms=stages.finish(),
        )

    def _read_watermark(self, stages: Stages) -> datetime | None:
        try:
            with stages.measure("watermark"):
                return self._watermark.read()
        except Unavailable as error:
            stages.skip("watermark", str(error), degrades=False)
            return None

    def _vectors(
        self, query: QuerySubmitted, text: TextVectors | None, stages: Stages
    ) -> tuple[QueryVectors, ExampleVector | None]:
        if query.example is None:
            if text is None:
                raise Rejected("no-query-vector", "text: was not encoded, and no example is given")
            return QueryVectors(text.model, _unit(text.by_modality), text.models, text.weights), None
        if "visual" not in query.modalities:
            raise Rejected(
                "example-needs-visual", "modalities: an example is compared by what is seen; add 'visual'"
            )
        with stages.measure("example"):
            example = look_up(self._store, self._store.live("visual"), query.tenant, query.example)
        if text is None:
            return QueryVectors(example.model, {"visual": example.vector}), example
        words = _unit(text.by_modality).get("visual")
        if text.model != example.model or words is None or words.shape != example.vector.shape:
            raise Unavailable("index", f"text by {text.model}, example in the live index by {example.model}")
        return QueryVectors(text.model, {"visual": compose(example.vector, words)}), example

    def _candidates(
        self,
        query: QuerySubmitted,
        vectors: QueryVectors,
        example: ExampleVector | None,
        searched: Mapping[Modality, CollectionInfo],
        stages: Stages,
    ) -> list[FusedClip]:
        """Fused clips, from lists long enough for ``k`` answers if there are as many.

        The clips of one long video may fill a list; then it is taken again, longer.
        """
        filters = example.excluding(query.filters) if example is not None else query.filters
        limit = max(MIN_CANDIDATES, CANDIDATES_PER_HIT * query.k)
        chosen = dict(searched)
        while True:
            lists = retrieve(
                self._store,
                chosen,
                vectors,
                tenant=query.tenant,
                filters=filters,
                limit=limit,
                stages=stages,
            )
            # One that just failed is not waited for again.
            chosen = {modality: info for modality, info in chosen.items() if modality in lists}
            with stages.measure("fuse"):
                clips = fuse(lists, weights=vectors.weights)
                if example is not None:
                    clips = [clip for clip in clips if not example.is_itself(clip.row.clip_id)]
            full = any(len(found) >= limit for found in lists.values())
            if count_groups(clips, query.group_by) >= query.k or not full or limit >= MAX_CANDIDATES:
                return clips
            if stages.left_ms() <= 0:
                stages.skip("widen", "out of time: clips of few videos fill the candidates", degrades=True)
                return clips
            limit = min(limit * _WIDEN_BY, MAX_CANDIDATES)

    def _localise(
        self, groups: Sequence[Group], query: FloatArray | None, stages: Stages
    ) -> dict[str, Localised]:
        """Best frame and moment of each group's leader, as far as the budget goes."""
        found: dict[str, Localised] = {}
        rows = [one.best.row for one in groups]
        if not rows:
            return found
        if query is None:
            stages.skip("frames", "the query has no visual vector", degrades=False)
            return found
        faults: dict[str, int] = {}
        with stages.measure("frames"):
            for done, row in enumerate(rows):
                if stages.left_ms() <= 0:
                    stages.skip("frames", f"out of time after {done} of {len(rows)} hits", degrades=False)
                    break
                try:
                    if row.frame_vectors_uri is None:
                        raise FileNotFoundError("no frame vectors")  # noqa: TRY301  (counted below, as one)
                    frames = self._frames.load(row.frame_vectors_uri)
                    found[row.clip_id] = localise(row, frames, query, self._moment_fraction)
                except FileNotFoundError:
                    faults["without frame vectors"] = faults.get("without frame vectors", 0) + 1
                except ValueError as error:
                    faults[str(error)] = faults.get(str(error), 0) + 1
                except Unavailable as error:
                    stages.skip("frames", str(error), degrades=False)
                    break
        for reason, hits in faults.items():
            stages.skip("frames", f"{hits} of {len(rows)} hits: {reason}", degrades=False)
        return found


def _unit(vectors: Mapping[Modality, FloatArray]) -> dict[Modality, FloatArray]:
    try:
        return {modality: normalised(vector) for modality, vector in vectors.items()}
    except ValueError as error:
        raise Rejected("query-without-direction", f"vectors: {error}") from error
