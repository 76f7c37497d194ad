"""A query with its vectors in, a ranked answer out: the one way that HTTP and topics both take."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from ranking.example import ExampleVector, compose, look_up
from ranking.frames import FrameVectors
from ranking.fuse import FusedClip, fuse, ranked
from ranking.group import count_groups, group
from ranking.heads import Heads, no_heads
from ranking.hits import to_hit
from ranking.localiser import Localiser
from ranking.query_heads import QueryHeads
from ranking.retrieve import QueryVectors, plan, retrieve
from ranking.stages import Stages
from vtr.contracts.events import QuerySubmitted, ResultsRanked
from vtr.contracts.step import Rejected, Unavailable
from vtr.contracts.vector import Modality
from vtr.vectors.arrays import FloatArray, normalised
from vtr.vectors.store import Candidate, CollectionInfo, VectorStore

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
        heads: Heads | None = None,
        *,
        moment_fraction: float = 0.9,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._localiser = Localiser(frames, fraction=moment_fraction)
        self._watermark = watermark
        self._heads = heads or no_heads()
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
        vectors, example, heads = self._vectors(query, text, stages)
        chosen = plan(self._store, vectors, query.modalities, stages)
        clips: list[FusedClip] = []
        if chosen.searched:
            clips = self._candidates(query, vectors, example, chosen.searched, heads=heads, stages=stages)
        groups = group(clips, query.group_by, query.k)
        shown = [one.best.row for one in groups]
        heads.explain(shown)
        within = {clip_id: told.moments[0] for clip_id, told in heads.told.items() if told.moments}
        localised = self._localiser.localise(shown, vectors.by_modality.get("visual"), stages, within)
        with stages.measure("explain"):
            hits = tuple(to_hit(rank, one, localised, heads.told) for rank, one in enumerate(groups, start=1))
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
            heads=heads.used,
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
    ) -> tuple[QueryVectors, ExampleVector | None, QueryHeads]:
        if query.example is None:
            if text is None:
                raise Rejected("no-query-vector", "text: was not encoded, and no example is given")
            vectors = QueryVectors(text.model, _unit(text.by_modality), text.models, text.weights)
            return vectors, None, self._heads.begin(query, text.model, stages)
        if "visual" not in query.modalities:
            raise Rejected(
                "example-needs-visual", "modalities: an example is compared by what is seen; add 'visual'"
            )
        with stages.measure("example"):
            example = look_up(self._store, self._store.live("visual"), query.tenant, query.example)
        heads = self._heads.begin(query, example.model, stages)
        if text is None:
            return QueryVectors(example.model, {"visual": example.vector}), example, heads
        words = _unit(text.by_modality).get("visual")
        if text.model != example.model or words is None or words.shape != example.vector.shape:
            raise Unavailable("index", f"text by {text.model}, example in the live index by {example.model}")
        composed = heads.compose(example.vector, example.rows)
        if composed is None:
            composed = compose(example.vector, words)
        return QueryVectors(text.model, {"visual": composed}), example, heads

    def _candidates(
        self,
        query: QuerySubmitted,
        vectors: QueryVectors,
        example: ExampleVector | None,
        searched: Mapping[Modality, CollectionInfo],
        *,
        heads: QueryHeads,
        stages: Stages,
    ) -> list[FusedClip]:
        """Fused clips, from lists long enough for ``k`` answers if there are as many.

        The clips of one long video may fill a list; then it is taken again, longer. Heads re-order the last.
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
            clips = _fused(lists, vectors, example, stages)
            full = any(len(found) >= limit for found in lists.values())
            if count_groups(clips, query.group_by) >= query.k or not full or limit >= MAX_CANDIDATES:
                break
            if stages.left_ms() <= 0:
                stages.skip("widen", "out of time: clips of few videos fill the candidates", degrades=True)
                break
            limit = min(limit * _WIDEN_BY, MAX_CANDIDATES)
        if not heads.re_order or not lists.get("visual"):
            return clips
        return _fused(lists, vectors, example, stages, heads.rerank(ranked(lists["visual"])))


def _fused(
    lists: Mapping[Modality, Sequence[Candidate]],
    vectors: QueryVectors,
    example: ExampleVector | None,
    stages: Stages,
    visual: Sequence[Candidate] | None = None,
) -> list[FusedClip]:
    with stages.measure("fuse"):
        clips = fuse(lists, weights=vectors.weights, visual=visual)
        return [clip for clip in clips if example is None or not example.is_itself(clip.row.clip_id)]


def _unit(vectors: Mapping[Modality, FloatArray]) -> dict[Modality, FloatArray]:
    try:
        return {modality: normalised(vector) for modality, vector in vectors.items()}
    except ValueError as error:
        raise Rejected("query-without-direction", f"vectors: {error}") from error
