"""A vector store that dies: callers are told, and what was acknowledged is there when it is back."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.clips import clip_row, unit_vectors
from support.engines import MilvusKind, new_milvus
from support.services import eventually
from vtr.contracts.events.queries import Filters
from vtr.contracts.step import Unavailable
from vtr.runtime.settings import MilvusSettings
from vtr.vectors.milvus import MilvusStore
from vtr.vectors.store import CollectionInfo


def reachable(store: MilvusStore) -> CollectionInfo | None:
    try:
        return store.live("visual")
    except Unavailable:
        return None


@pytest.mark.parametrize("kind", ["lite", pytest.param("standalone", marks=pytest.mark.milvus)])
def test_a_killed_server_is_unavailable_and_comes_back_with_its_rows(
    tmp_path: Path, kind: MilvusKind
) -> None:
    server = new_milvus(tmp_path / "milvus", kind)
    server.start(deadline_s=120.0)
    store = MilvusStore(MilvusSettings(uri=server.uri, timeout_s=3.0))
    try:
        rows, vectors = [clip_row(i) for i in range(50)], unit_vectors(50, 16)
        name = store.ensure_collection("restart-v1", "visual", 16).name
        store.set_live("visual", "restart-v1")
        store.upsert(name, rows, vectors)
        assert len(store.marks_of_videos(name, "default", ["v1"], barrier=True)) == 50

        server.stop(0)  # no grace: SIGKILL
        with pytest.raises(Unavailable, match="milvus"):
            store.upsert(name, rows, vectors)
        with pytest.raises(Unavailable, match="milvus"):
            store.search(name, vectors[0], tenant="default", filters=Filters(), limit=1)

        server.start(deadline_s=120.0)
        # The same client goes on; a real Milvus loads its collections again first.
        store._timeout = 60.0
        live = eventually(lambda: reachable(store), "the server answers its old client")
        assert live.name == name
        assert len(store.marks_of_videos(name, "default", ["v1"], barrier=True)) == 50
        found = store.search(name, vectors[7], tenant="default", filters=Filters(), limit=1)
        assert found[0].row == rows[7]
    finally:
        store.close()
        server.stop(0)
