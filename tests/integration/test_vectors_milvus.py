"""The vector store on real servers: Milvus Lite in server mode, and Milvus standalone."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pymilvus import MilvusClient

from support.clips import SUBMITTED, clip_row, unit_vectors
from vtr.contracts.events.queries import Filters
from vtr.contracts.step import Unavailable
from vtr.contracts.vector import Modality
from vtr.runtime.settings import MilvusSettings
from vtr.vectors.arrays import FloatArray
from vtr.vectors.milvus import GRPC_OPTIONS, MilvusStore, alias_name
from vtr.vectors.store import ClipRow, Version

DIM = 16
ANY = Filters()
T2026 = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module", params=["lite", pytest.param("standalone", marks=pytest.mark.milvus)])
def uri(request: pytest.FixtureRequest) -> str:
    fixture = "milvus_lite_uri" if request.param == "lite" else "milvus_uri"
    return str(request.getfixturevalue(fixture))


@pytest.fixture(scope="module")
def store(uri: str) -> Iterator[MilvusStore]:
    store = MilvusStore(MilvusSettings(uri=uri))
    yield store
    store.close()


@pytest.fixture(scope="module")
def server(uri: str) -> Iterator[MilvusClient]:
    client = MilvusClient(uri=uri, dedicated=True, grpc_options=GRPC_OPTIONS)
    yield client
    client.close()


@pytest.fixture
def collection(store: MilvusStore, server: MilvusClient) -> Iterator[str]:
    name = store.ensure_collection(f"m{uuid.uuid4().hex[:12]}", "visual", DIM).name
    yield name
    server.drop_collection(name)


def visible(store: MilvusStore, collection: str, *videos: str, tenant: str = "default") -> set[str]:
    return {m.clip_id for m in store.marks_of_videos(collection, tenant, videos or ["v1"], barrier=True)}


def find(
    store: MilvusStore, collection: str, vector: FloatArray, *, filters: Filters = ANY, limit: int = 100
) -> list[str]:
    found = store.search(collection, vector, tenant="default", filters=filters, limit=limit)
    return [candidate.row.clip_id for candidate in found]


def test_a_row_comes_back_as_it_went_in(store: MilvusStore, collection: str) -> None:
    row = clip_row(
        3,
        clip_count=4,
        title="Ein „Titel“ \\ mit 'allem'",
        transcript="hello\nworld",
        language="en-gb",
        tags=("night", 'quo"ted'),
        published_at=datetime(1969, 7, 20, 20, 17, 40, 123_000, tzinfo=UTC),
        frame_vectors_uri="file:///objects/x/frames.npy",
    )
    bare = clip_row(4)
    vectors = unit_vectors(2, DIM)
    store.upsert(collection, [row, bare], vectors)
    visible(store, collection)

    assert store.rows_of_video(collection, "default", "v1") == [row, bare]
    best = store.search(collection, vectors[0], tenant="default", filters=ANY, limit=1)[0]
    assert best.row == row
    assert best.cosine == pytest.approx(1.0, abs=1e-5)
    stored = store.vectors_of(collection, "default", clip_id=row.clip_id)
    assert [item.row for item in stored] == [row]
    np.testing.assert_allclose(stored[0].vector, vectors[0], atol=1e-6)
    assert len(store.vectors_of(collection, "default", video_id="v1")) == 2


def test_writing_a_clip_again_replaces_it(store: MilvusStore, collection: str) -> None:
    rows = [clip_row(i) for i in range(20)]
    first, second = unit_vectors(20, DIM, seed=1), unit_vectors(20, DIM, seed=2)
    store.upsert(collection, rows, first)
    store.upsert(collection, rows, first)
    renamed = [dataclasses.replace(row, title="new") for row in rows]
    # Twice the same id in one call: the later wins, and there is still one row.
    store.upsert(collection, [*rows, *renamed], np.concatenate([first, second]))
    visible(store, collection)

    assert store.count(collection) == 20
    found = store.search(collection, second[7], tenant="default", filters=ANY, limit=100)
    assert len(found) == 20
    assert len({c.row.clip_id for c in found}) == 20
    assert found[0].row.clip_id == rows[7].clip_id
    assert {c.row.title for c in found} == {"new"}


def test_search_ranks_as_brute_force_does(store: MilvusStore, collection: str) -> None:
    vectors = unit_vectors(300, DIM)
    rows = [clip_row(i) for i in range(300)]
    store.upsert(collection, rows, vectors * np.linspace(0.1, 9.0, 300, dtype=np.float32)[:, None])
    visible(store, collection)
    query = unit_vectors(1, DIM, seed=9)[0]
    cosines = vectors @ query
    found = store.search(collection, query, tenant="default", filters=ANY, limit=50)

    expected = [rows[i].clip_id for i in np.argsort(-cosines)[:50]]
    assert [c.row.clip_id for c in found] == expected
    np.testing.assert_allclose([c.cosine for c in found], np.sort(cosines)[::-1][:50], atol=1e-5)


def _varied_rows() -> list[ClipRow]:
    languages = [None, "en", "en-GB", "de", "eng"]
    tags = [(), ("night",), ("night", "car"), ("Night",), ("a b", "ü")]
    published = [None, T2026, T2026 + timedelta(days=1), datetime(1960, 1, 1, tzinfo=UTC)]
    return [
        clip_row(
            i,
            video_id=f"v{i % 6}",
            language=languages[i % 5],
            tags=tags[(i // 2) % 5],
            published_at=published[(i // 3) % 4],
            duration_s=float(i % 7) * 10.5,
        )
        for i in range(60)
    ]


def _passes(row: ClipRow, filters: Filters) -> bool:
    language = (row.language or "").lower()
    wanted = [value.lower() for value in filters.languages]
    after, before = filters.published_after, filters.published_before
    return (
        (not wanted or any(language == w or language.startswith(w + "-") for w in wanted))
        and (not filters.tags or bool(set(filters.tags) & set(row.tags)))
        and (not filters.video_ids or row.video_id in filters.video_ids)
        and row.video_id not in filters.exclude_video_ids
        and (after is None or (row.published_at is not None and row.published_at >= after))
        and (before is None or (row.published_at is not None and row.published_at < before))
        and (filters.min_duration_s is None or row.duration_s >= filters.min_duration_s)
        and (filters.max_duration_s is None or row.duration_s <= filters.max_duration_s)
    )


def test_filters_let_through_what_brute_force_lets_through(store: MilvusStore, collection: str) -> None:
    rows = _varied_rows()
    vectors = unit_vectors(len(rows), DIM)
    store.upsert(collection, rows, vectors)
    visible(store, collection, *{row.video_id for row in rows})
    cases = [
        Filters(languages=("en",)),
        Filters(languages=("EN-gb", "de")),
        Filters(tags=("night",)),
        Filters(tags=("ü", "car")),
        Filters(video_ids=("v1", "v2")),
        Filters(exclude_video_ids=("v1", "v2")),
        Filters(published_after=T2026),
        Filters(published_before=T2026),
        Filters(published_after=T2026, published_before=T2026 + timedelta(days=1)),
        Filters(min_duration_s=10.5, max_duration_s=42.0),
        Filters(languages=("en",), tags=("night",), exclude_video_ids=("v0",), min_duration_s=1.0),
    ]
    for filters in cases:
        expected = {row.clip_id for row in rows if _passes(row, filters)}
        assert 0 < len(expected) < len(rows), filters
        assert set(find(store, collection, vectors[0], filters=filters)) == expected, filters


HOSTILE = [
    '"',
    "\\",
    '\\"',
    "'",
    '"] or tenant == "other',
    '"]) or true or array_contains_any(tags, ["',
    "%",
    "_",
    "{x}",
    "\n\r\t",
    "\x00",
    "\x7f\x9f",
    "\u2028",
    "日本語🎬",
    "null",
    "\\u0041",
]


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
@given(
    tags=st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=64),
        min_size=1,
        max_size=8,
        unique=True,
    )
)
@example(tags=HOSTILE)
def test_no_tag_breaks_out_of_its_filter(store: MilvusStore, collection: str, tags: list[str]) -> None:
    """Each tag, however it looks, finds the clip that bears it and no other."""
    rows = [clip_row(i, tags=(tag,)) for i, tag in enumerate(tags)]
    rows.append(clip_row(len(tags), tags=()))
    other = clip_row(0, tenant="other", tags=tuple(tags))
    vectors = unit_vectors(len(rows) + 1, DIM)
    store.delete_video("default", "v1", submitted_until=SUBMITTED)
    store.upsert(collection, [*rows, other], vectors)
    assert len(visible(store, collection)) == len(rows)

    for row, tag in zip(rows, tags, strict=False):
        assert find(store, collection, vectors[0], filters=Filters(tags=(tag,))) == [row.clip_id]
    absent = '"] or true or ["'
    assert find(store, collection, vectors[0], filters=Filters(tags=(absent,))) == []


def test_a_tenant_never_sees_the_clips_of_another(store: MilvusStore, collection: str) -> None:
    mine = [clip_row(i) for i in range(5)]
    theirs = [clip_row(i, tenant="acme") for i in range(5)]
    vectors = unit_vectors(10, DIM)
    store.upsert(collection, [*mine, *theirs], vectors)
    visible(store, collection)

    found = store.search(collection, vectors[7], tenant="acme", filters=ANY, limit=100)
    assert {c.row.clip_id for c in found} == {row.clip_id for row in theirs}
    assert {row.tenant for row in store.rows_of_video(collection, "acme", "v1")} == {"acme"}
    assert store.vectors_of(collection, "acme", clip_id=mine[0].clip_id) == []
    assert (store.count(collection, "acme"), store.count(collection)) == (5, 10)

    store.delete_video("acme", "v1", submitted_until=SUBMITTED)
    assert visible(store, collection, tenant="acme") == set()
    assert visible(store, collection) == {row.clip_id for row in mine}


def test_deleting_reaches_what_was_submitted_until_then(store: MilvusStore, collection: str) -> None:
    later = SUBMITTED + timedelta(milliseconds=1)
    old = [clip_row(i) for i in range(3)]
    new = [clip_row(i, submitted_at=later) for i in range(3, 5)]
    other = clip_row(0, video_id="v2")
    vectors = unit_vectors(6, DIM)
    store.upsert(collection, [*old, *new, other], vectors)
    store.delete_video("default", "v1", submitted_until=SUBMITTED)

    assert visible(store, collection, "v1", "v2") == {row.clip_id for row in [*new, other]}
    assert set(find(store, collection, vectors[0])) == {row.clip_id for row in [*new, other]}
    store.delete_video("default", "v1", submitted_until=later)
    store.delete_video("default", "v1", submitted_until=later)
    assert visible(store, collection, "v1", "v2") == {other.clip_id}
    # Deleted and written again: it is there, once.
    store.upsert(collection, old, vectors[:3])
    assert visible(store, collection) == {row.clip_id for row in old}
    assert store.count(collection) == 4


def test_a_version_supersedes_those_before_it_only(store: MilvusStore, collection: str) -> None:
    keep = SUBMITTED + timedelta(hours=1)
    older = clip_row(0)
    same_time = clip_row(1, submitted_at=keep, content_hash="hash-0")
    kept = clip_row(2, submitted_at=keep, content_hash="hash-2")
    newer = clip_row(3, submitted_at=keep + timedelta(hours=1), content_hash="hash-3")
    other = clip_row(0, video_id="v2")
    store.upsert(collection, [older, same_time, kept, newer, other], unit_vectors(5, DIM))
    marks = store.marks_of_videos(collection, "default", ["v1"], barrier=True)
    version = next(mark.version for mark in marks if mark.clip_id == kept.clip_id)
    assert version.content_hash == "hash-2"
    store.delete_superseded(collection, "default", "v1", version)

    assert visible(store, collection, "v1", "v2") == {kept.clip_id, newer.clip_id, other.clip_id}


def test_marks_tell_which_clips_of_which_version_are_there(store: MilvusStore, collection: str) -> None:
    rows = [clip_row(0), clip_row(1), clip_row(2, clip_count=3)]
    store.upsert(collection, rows, unit_vectors(3, DIM))
    marks = store.marks_of_videos(collection, "default", ["v1", "absent"], barrier=True)

    assert {(mark.ordinal, mark.clip_count) for mark in marks} == {(0, None), (1, None), (2, 3)}
    assert {mark.version for mark in marks} == {Version(1_772_366_400_250, "hash-1")}


def test_the_live_model_is_flipped_and_read_back(store: MilvusStore, server: MilvusClient) -> None:
    modality: Modality = "audio"
    if server.has_collection(alias_name(modality)):
        server.drop_alias(alias_name(modality))
    first, second = (f"model-{uuid.uuid4().hex[:8]}" for _ in range(2))
    names = [store.ensure_collection(model, modality, DIM).name for model in (first, second)]
    try:
        assert store.live(modality) is None
        assert store.set_live(modality, first) is None
        assert store.set_live(modality, second) == first
        live = store.live(modality)
        assert live is not None
        assert (live.model, live.modality, live.dim, live.live) == (second, modality, DIM, True)
        infos = {info.model: info for info in store.collections()}
        assert infos[second].live
        assert not infos[first].live
        # Another process learns the model from the server, not from memory.
        again = MilvusStore(store._settings)
        assert {info.model for info in again.collections()} >= {first, second}
        again.close()
        with pytest.raises(KeyError):
            store.set_live(modality, "no-such-model")
    finally:
        server.drop_alias(alias_name(modality))
        for name in names:
            server.drop_collection(name)


def test_vectors_of_another_length_are_refused(store: MilvusStore, collection: str) -> None:
    model = next(info.model for info in store.collections() if info.name == collection)
    with pytest.raises(ValueError, match="vectors: 8 elements"):
        store.ensure_collection(model, "visual", 8)
    with pytest.raises(ValueError, match=r"vector: shape \(8,\)"):
        find(store, collection, np.ones(8, dtype=np.float32))


def test_fields_that_do_not_fit_are_cut_or_refused_never_garbled(store: MilvusStore, collection: str) -> None:
    row = clip_row(0, transcript="é" * 60_000, title="日" * 5000)
    store.upsert(collection, [row], unit_vectors(1, DIM))
    visible(store, collection)
    back = store.rows_of_video(collection, "default", "v1")[0]
    assert back.transcript == "é" * (65_535 // 2)
    assert back.title == "日" * (4000 // 3)
    with pytest.raises(ValueError, match="uri: 20000 bytes"):
        store.upsert(collection, [clip_row(1, uri="x" * 20_000)], unit_vectors(1, DIM))


def test_a_server_that_does_not_answer_is_unavailable() -> None:
    store = MilvusStore(MilvusSettings(uri="http://127.0.0.1:1", timeout_s=1.0))
    with pytest.raises(Unavailable, match="milvus"):
        store.ping()
    with pytest.raises(Unavailable, match="milvus"):
        store.search("clips_x_visual", np.ones(4, np.float32), tenant="default", filters=ANY, limit=1)
