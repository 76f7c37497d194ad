"""Candidates from the live index, modality by modality, and the reason wherever there are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

from ranking.stages import Stages
from vtr.contracts.events.queries import Filters
from vtr.contracts.step import Rejected, Unavailable
from vtr.contracts.vector import Modality
from vtr.vectors.arrays import FloatArray
from vtr.vectors.store import Candidate, CollectionInfo, VectorStore

MODALITIES: tuple[Modality, ...] = get_args(Modality)


@dataclass(frozen=True, slots=True)
class QueryVectors:
    """What to search by: vectors [D] of ``model`` by modality.

    ``models``: of modalities whose vector is another model's; ``weights``: of modalities that count for less
    than 1 in fusion.
    """

    model: str
    by_modality: Mapping[Modality, FloatArray]
    models: Mapping[Modality, str] = field(default_factory=dict)
    weights: Mapping[Modality, float] = field(default_factory=dict)

    def model_of(self, modality: Modality) -> str:
        return self.models.get(modality, self.model)


@dataclass(slots=True)
class Plan:
    """Which collections a query searches."""

    searched: dict[Modality, CollectionInfo] = field(default_factory=dict)
    empty: bool = False
    """Nothing is indexed at all, in no modality."""


def plan(store: VectorStore, vectors: QueryVectors, modalities: Sequence[Modality], stages: Stages) -> Plan:
    """The live collections that fit the query; what does not fit is noted in ``stages``.

    Raises :class:`Unavailable` when something is indexed but none of it can be searched now: the store is
    down, or the live index is of another model. Raises :class:`Rejected` (``no-query-vector``) when the query
    asks only for modalities that it has no vector for.
    """
    result = Plan()
    live: dict[Modality, CollectionInfo] = {
        modality: info for modality in MODALITIES if (info := store.live(modality)) is not None
    }
    if not live:
        stages.skip("index", "empty", degrades=False)
        return Plan(empty=True)
    mismatch: str | None = None
    for modality in dict.fromkeys(modalities):
        stage, info, vector = f"retrieve:{modality}", live.get(modality), vectors.by_modality.get(modality)
        if info is None:
            stages.skip(stage, "nothing is indexed in this modality", degrades=False)
        elif vector is None:
            stages.skip(stage, "the query has no vector for this modality", degrades=False)
        elif info.model != vectors.model_of(modality) or vector.shape != (info.dim,):
            model = vectors.model_of(modality)
            mismatch = f"query by {model} [{vector.shape[0]}], live index by {info.model} [{info.dim}]"
            stages.skip(stage, mismatch, degrades=True)
        else:
            result.searched[modality] = info
    if not result.searched and mismatch is not None:
        raise Unavailable("index", mismatch)
    wanted_and_there = [modality for modality in modalities if modality in live]
    if not result.searched and wanted_and_there:
        raise Rejected(
            "no-query-vector", f"modalities: the query has no vector for {', '.join(wanted_and_there)}"
        )
    return result


def retrieve(
    store: VectorStore,
    searched: Mapping[Modality, CollectionInfo],
    vectors: QueryVectors,
    *,
    tenant: str,
    filters: Filters,
    limit: int,
    stages: Stages,
) -> dict[Modality, list[Candidate]]:
    """The ``limit`` nearest clips in each of ``searched``.

    A collection that does not answer is left out and noted; raises :class:`Unavailable` when none answers.
    """
    lists: dict[Modality, list[Candidate]] = {}
    fault: Unavailable | None = None
    for modality, info in searched.items():
        try:
            with stages.measure(f"retrieve:{modality}"):
                lists[modality] = store.search(
                    info.name,
                    vectors.by_modality[modality],
                    tenant=tenant,
                    filters=filters,
                    limit=limit,
                )
        except Unavailable as error:
            fault = error
            stages.skip(f"retrieve:{modality}", str(error), degrades=True)
    if fault is not None and not lists:
        raise fault
    return lists
