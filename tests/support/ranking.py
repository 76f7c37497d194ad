"""An index in memory and the ports of ranking, for tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from support.clips import SUBMITTED, clip_row
from support.memory_store import MemoryStore
from vtr.contracts.events import QuerySubmitted
from vtr.contracts.step import Unavailable
from vtr.vectors.arrays import FloatArray
from vtr.vectors.store import ClipRow

MODEL = "random-16-v1"


class Frames:
    """Frame vectors by uri; ``delay`` is called at each look-up."""

    def __init__(self) -> None:
        self.by_uri: dict[str, FloatArray] = {}
        self.delay: Any = lambda: None
        self.down = False

    def load(self, uri: str) -> FloatArray:
        self.delay()
        if self.down:
            raise Unavailable("object-store", "is down")
        if uri not in self.by_uri:
            raise FileNotFoundError(uri)
        return self.by_uri[uri]


class FixedWatermark:
    def __init__(self, time: datetime | None = SUBMITTED) -> None:
        self.time = time
        self.down = False

    def read(self) -> datetime | None:
        if self.down:
            raise Unavailable("redis", "is down")
        return self.time


def query(text: str = "a query", **fields: Any) -> QuerySubmitted:
    return QuerySubmitted(**{"query_id": "q1", "submitted_at": SUBMITTED, "text": text, **fields})


def put(store: MemoryStore, modality: Any, row: ClipRow, vector: FloatArray, model: str = MODEL) -> None:
    """Index one clip, and make its model live where none is."""
    info = store.ensure_collection(model, modality, vector.shape[0])
    store.upsert(info.name, [row], vector[None, :])
    if store.live(modality) is None:
        store.set_live(modality, model)


__all__ = ["MODEL", "FixedWatermark", "Frames", "clip_row", "put", "query"]
