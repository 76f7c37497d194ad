"""The videos nearest to a profile, from the vector store that search uses."""

from __future__ import annotations

from collections.abc import Collection

from recommendation.library import Vector
from recommendation.ports import Near
from vtr.contracts.events.queries import Filters
from vtr.vectors.store import VectorStore

CLIPS_PER_VIDEO = 4
MAX_CLIPS = 1000
MAX_EXCLUDED = 1000


class StoreNeighbours:
    """Searches clips by the profile and keeps each video's best."""

    def __init__(self, store: VectorStore) -> None:
        self._store = store

    def near(
        self, tenant: str, vector: Vector, model: str, *, exclude: Collection[str], limit: int
    ) -> list[Near]:
        live = self._store.live("visual")
        if live is None or live.model != model:
            return []
        found = self._store.search(
            live.name,
            vector,
            tenant=tenant,
            filters=Filters(exclude_video_ids=tuple(exclude)[:MAX_EXCLUDED]),
            limit=min(MAX_CLIPS, limit * CLIPS_PER_VIDEO),
        )
        best: dict[str, Near] = {}
        for candidate in found:
            row = candidate.row
            if row.video_id not in best and row.video_id not in exclude:
                best[row.video_id] = Near(row.video_id, row.clip_id, row.t0_s, row.title, candidate.cosine)
        return list(best.values())[:limit]
