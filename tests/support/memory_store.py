"""A vector store by brute force in memory: the reference that handlers are tested on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import numpy as np

from vtr.contracts.events.queries import Filters
from vtr.contracts.step import Unavailable
from vtr.contracts.vector import Modality
from vtr.vectors.arrays import FloatArray
from vtr.vectors.expressions import to_ms
from vtr.vectors.store import Candidate, ClipMark, ClipRow, CollectionInfo, StoredVector, Version


class MemoryStore:
    """See :class:`vtr.vectors.store.VectorStore`. ``down`` names collections that do not answer."""

    def __init__(self) -> None:
        self.infos: dict[str, CollectionInfo] = {}
        self.rows: dict[str, dict[str, tuple[ClipRow, FloatArray]]] = {}
        self.live_names: dict[str, str] = {}
        self.down: set[str] = set()
        self.searches: list[int] = []

    def _up(self, name: str) -> None:
        if name in self.down or "*" in self.down:
            raise Unavailable("milvus", f"{name} is down")

    def ensure_collection(self, model: str, modality: Modality, dim: int) -> CollectionInfo:
        name = f"clips_{model.replace('-', '_')}_{modality}"
        self._up(name)
        info = self.infos.setdefault(name, CollectionInfo(name, model, modality, dim, live=False))
        if info.dim != dim:
            raise ValueError(f"vectors: {dim} elements, but {name} holds vectors of {info.dim}")
        self.rows.setdefault(name, {})
        return info

    def collections(self) -> list[CollectionInfo]:
        self._up("*")
        return [
            CollectionInfo(i.name, i.model, i.modality, i.dim, self.live_names.get(i.modality) == i.name)
            for _, i in sorted(self.infos.items())
        ]

    def live(self, modality: Modality) -> CollectionInfo | None:
        name = self.live_names.get(modality)
        return next((info for info in self.collections() if info.name == name), None)

    def set_live(self, modality: Modality, model: str) -> str | None:
        before = self.live(modality)
        name = f"clips_{model.replace('-', '_')}_{modality}"
        if name not in self.infos:
            raise KeyError(name)
        self.live_names[modality] = name
        return before.model if before else None

    def upsert(self, collection: str, rows: Sequence[ClipRow], vectors: FloatArray) -> None:
        self._up(collection)
        for row, vector in zip(rows, vectors, strict=True):
            self.rows[collection][row.clip_id] = (row, vector)

    def search(
        self, collection: str, vector: FloatArray, *, tenant: str, filters: Filters, limit: int
    ) -> list[Candidate]:
        self._up(collection)
        self.searches.append(limit)
        found = [
            Candidate(row, float(stored @ vector / (np.linalg.norm(stored) * np.linalg.norm(vector))))
            for row, stored in self.rows[collection].values()
            if row.tenant == tenant
            and (not filters.video_ids or row.video_id in filters.video_ids)
            and row.video_id not in filters.exclude_video_ids
            and (not filters.tags or set(filters.tags) & set(row.tags))
        ]
        return sorted(found, key=lambda c: -c.cosine)[:limit]

    def _of_video(self, collection: str, tenant: str, video_id: str) -> list[tuple[ClipRow, FloatArray]]:
        self._up(collection)
        mine = [
            p for p in self.rows[collection].values() if (p[0].tenant, p[0].video_id) == (tenant, video_id)
        ]
        return sorted(mine, key=lambda pair: (pair[0].t0_s, pair[0].clip_id))

    def marks_of_videos(
        self, collection: str, tenant: str, video_ids: Collection[str], *, barrier: bool
    ) -> list[ClipMark]:
        return [
            ClipMark(
                row.clip_id,
                row.video_id,
                Version(to_ms(row.submitted_at), row.content_hash),
                row.ordinal,
                row.clip_count,
            )
            for video_id in video_ids
            for row, _ in self._of_video(collection, tenant, video_id)
        ]

    def rows_of_video(self, collection: str, tenant: str, video_id: str) -> list[ClipRow]:
        return [row for row, _ in self._of_video(collection, tenant, video_id)]

    def vectors_of(
        self, collection: str, tenant: str, *, video_id: str | None = None, clip_id: str | None = None
    ) -> list[StoredVector]:
        if video_id is not None:
            return [StoredVector(*pair) for pair in self._of_video(collection, tenant, video_id)]
        pair = self.rows[collection].get(clip_id or "")
        return [StoredVector(*pair)] if pair is not None and pair[0].tenant == tenant else []

    def _delete(self, collection: str, doomed: set[str]) -> None:
        self._up(collection)
        for clip_id in doomed:
            del self.rows[collection][clip_id]

    def delete_video(self, tenant: str, video_id: str, *, submitted_until: datetime) -> None:
        for name in self.rows:
            rows = self.rows_of_video(name, tenant, video_id)
            self._delete(name, {r.clip_id for r in rows if to_ms(r.submitted_at) <= to_ms(submitted_until)})

    def delete_superseded(self, collection: str, tenant: str, video_id: str, keep: Version) -> None:
        doomed = {
            mark.clip_id
            for mark in self.marks_of_videos(collection, tenant, [video_id], barrier=True)
            if mark.version.submitted_ms <= keep.submitted_ms and mark.version != keep
        }
        self._delete(collection, doomed)

    def count(self, collection: str, tenant: str | None = None) -> int:
        return sum(tenant in {None, row.tenant} for row, _ in self.rows[collection].values())

    def flush(self) -> None:
        return

    def ping(self) -> None:
        self._up("*")

    def close(self) -> None:
        return
