"""Indexer and ranking on real vector stores: what is announced is found, what is gone stays gone."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pymilvus import MilvusClient

from indexer.handler import DeleteVideos, IndexClips
from indexer.recent import RecentWrites
from ranking.frame_store import FrameStore
from ranking.ranker import Ranker, TextVectors
from support.clips import SUBMITTED, clip_encoded, message, unit_vectors
from support.ranking import FixedWatermark, query
from vtr.contracts.events import ClipIndexed, ResultsRanked, VideoDeleted, VideoStatus
from vtr.contracts.events.queries import Example
from vtr.contracts.step import Rejected
from vtr.media.objects import ObjectStore
from vtr.runtime.settings import MilvusSettings
from vtr.vectors.arrays import FloatArray
from vtr.vectors.milvus import GRPC_OPTIONS, MilvusStore, alias_name

DIM = 16


class Tombstones:
    def __init__(self) -> None:
        self.deleted: dict[tuple[str, str], datetime] = {}

    def ready(self) -> bool:
        return True

    def covers(self, tenant: str, video_id: str, submitted_at: datetime) -> bool:
        deleted_at = self.deleted.get((tenant, video_id))
        return deleted_at is not None and submitted_at <= deleted_at


class NoWatermarks:
    def of_partition(self, partition: int) -> datetime | None:
        return None


class World:
    """An index of its own: the aliases point at a model that only this test writes."""

    def __init__(self, uri: str, objects: Path) -> None:
        self.server = MilvusClient(uri=uri, dedicated=True, grpc_options=GRPC_OPTIONS)
        self.model = f"m-{uuid.uuid4().hex[:10]}"
        self.reset()
        self.store = MilvusStore(MilvusSettings(uri=uri))
        # A second client, as in another process: it shares no session with the writer.
        self.readers = MilvusStore(MilvusSettings(uri=uri))
        self.tombstones = Tombstones()
        recent = RecentWrites(self.tombstones, self.store, window_s=60.0, clock=lambda: 0.0)
        self.step = IndexClips(self.store, self.tombstones, recent, NoWatermarks())
        frames = FrameStore(ObjectStore(objects.as_uri()), max_bytes=2**20)
        self.ranker = Ranker(self.readers, frames, FixedWatermark())

    def reset(self) -> None:
        for modality in ("visual", "speech", "audio"):
            if self.server.has_collection(alias_name(modality)):  # type: ignore[arg-type]
                self.server.drop_alias(alias_name(modality))  # type: ignore[arg-type]

    def close(self) -> None:
        self.reset()
        for name in self.server.list_collections():
            if self.model.replace("-", "_") in name:
                self.server.drop_collection(name)
        self.store.close()
        self.readers.close()
        self.server.close()

    def index(self, *clips: Any) -> list[Any]:
        return [emit.event for emit in self.step.handle([message(clip) for clip in clips])]

    def clip(self, ordinal: int, vector: FloatArray | None = None, **fields: Any) -> Any:
        given = vector if vector is not None else unit_vectors(1, DIM, seed=ordinal)[0]
        return clip_encoded(ordinal, model=self.model, vectors={"visual": given}, **fields)

    def ask(self, vector: FloatArray, **fields: Any) -> ResultsRanked:
        return self.ranker.answer(query(**fields), TextVectors(self.model, {"visual": vector}))


@pytest.fixture(params=["lite", pytest.param("standalone", marks=pytest.mark.milvus)])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    uri = request.getfixturevalue("milvus_lite_uri" if request.param == "lite" else "milvus_uri")
    world = World(uri, tmp_path)
    yield world
    world.close()


def test_what_is_announced_is_found_by_the_next_search(world: World) -> None:
    """No waiting and no retry between the announcement and the search, by a client of its own."""
    for ordinal in range(8):
        vector = unit_vectors(1, DIM, seed=1000 + ordinal)[0]
        found = world.index(world.clip(ordinal, vector, clip_count=8 if ordinal == 7 else None))
        indexed = next(event for event in found if isinstance(event, ClipIndexed))
        hits = world.ask(vector, group_by="clip", k=1).hits
        assert [hit.clip_id for hit in hits] == [indexed.clip_id]
    assert [e.stage for e in found if isinstance(e, VideoStatus)] == ["searchable"]


def test_a_replay_leaves_each_clip_once(world: World) -> None:
    clips = [world.clip(i, clip_count=6 if i == 5 else None) for i in range(6)]
    for _ in range(3):
        world.index(*clips)
    world.index(*clips, *clips)
    name = world.index(clips[0])[0].collection
    assert world.store.count(name) == 6
    hits = world.ask(unit_vectors(1, DIM)[0], group_by="clip", k=50).hits
    assert len(hits) == len({hit.clip_id for hit in hits}) == 6


def test_a_new_version_takes_the_place_of_the_old(world: World) -> None:
    vector = unit_vectors(1, DIM)[0]
    world.index(*[world.clip(i, vector, clip_count=5 if i == 4 else None) for i in range(5)])
    later = {"content_hash": "hash-2", "submitted_at": SUBMITTED + timedelta(hours=1)}
    world.index(world.clip(10, vector, **later))
    assert len(world.ask(vector, group_by="clip", k=50).hits) == 6, "until it is whole, the old one answers"
    found = world.index(*[world.clip(i, vector, clip_count=2 if i == 1 else None, **later) for i in range(2)])
    assert [e.clips_searchable for e in found if isinstance(e, VideoStatus)] == [2]
    world.store.marks_of_videos(found[0].collection, "default", ["v1"], barrier=True)
    hits = world.ask(vector, group_by="clip", k=50).hits
    assert sorted(hit.t0_s for hit in hits) == [0.0, 4.0, 40.0]


def test_deleted_videos_do_not_come_back(world: World) -> None:
    clips = [world.clip(0), world.clip(1, clip_count=2)]
    other = world.clip(0, video_id="v2", clip_count=1)
    name = world.index(*clips, other)[0].collection
    world.tombstones.deleted["default", "v1"] = SUBMITTED
    list(DeleteVideos(world.store).handle([message(VideoDeleted(video_id="v1", deleted_at=SUBMITTED))]))
    assert world.index(*clips) == []
    world.store.marks_of_videos(name, "default", ["v1"], barrier=True)
    hits = world.ask(unit_vectors(1, DIM)[0], k=50).hits
    assert [hit.video_id for hit in hits] == ["v2"]


def test_tenants_and_examples(world: World) -> None:
    near = unit_vectors(1, DIM, seed=5)[0]
    world.index(
        world.clip(0, near, video_id="a", clip_count=1),
        world.clip(0, near + 0.1, video_id="b", clip_count=1),
        world.clip(0, -near, video_id="c", clip_count=1),
        world.clip(0, near, video_id="a", tenant="acme", clip_count=1),
    )
    similar = world.ranker.answer(query("", example=Example(video_id="a")), None)
    assert [hit.video_id for hit in similar.hits] == ["b", "c"]
    assert [hit.video_id for hit in world.ask(near, tenant="acme").hits] == ["a"]
    with pytest.raises(Rejected, match="not indexed"):
        world.ranker.answer(query("", tenant="acme", example=Example(video_id="b")), None)
    np.testing.assert_allclose(similar.hits[0].shares[0].cosine, _cosine(near, near + 0.1), atol=1e-4)


def _cosine(a: FloatArray, b: FloatArray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
