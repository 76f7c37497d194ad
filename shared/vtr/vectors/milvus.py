"""Milvus as the vector store: Milvus Lite in server mode, standalone and cluster alike.

What was measured on the servers and decides the code below:

- *Consistency.* On Milvus 2.3 a ``Strong`` read waits for the next time tick, about 200 ms; a ``Bounded`` one
  takes 2 ms. So searches are ``Bounded``, and the indexer pays once per batch: a ``Strong`` read after the
  upsert (``marks_of_videos(barrier=True)``) returns only when the query node has consumed everything written
  before, and any later search sees it. Milvus Lite is consistent at once.
- *No partition key.* On Milvus 2.3.5 an upsert into a collection with a partition key puts rows into
  partitions of other keys, where a search with the filter on the key does not find them. The tenant is a
  plain field and every expression names it.
- *Flush.* Writes are in the log before they are acknowledged. Milvus Lite searches rows by brute force until
  a flush gives them an index, so it is flushed every ``LITE_FLUSH_ROWS`` rows; a real Milvus seals and
  indexes its segments by itself and limits the rate of flushes, so it is left alone.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any, cast, get_args

import grpc  # type: ignore[import-untyped]
from pymilvus import DataType, MilvusClient
from pymilvus.exceptions import (
    DataNotMatchException,
    MilvusException,
    ParamError,
    PrimaryKeyException,
)

from vtr.contracts.events.queries import Filters
from vtr.contracts.step import Unavailable
from vtr.contracts.vector import Modality
from vtr.runtime.settings import MilvusSettings
from vtr.vectors import entities
from vtr.vectors.arrays import FloatArray
from vtr.vectors.expressions import literal, literals, of_filters, of_tenant, to_ms
from vtr.vectors.store import Candidate, ClipMark, ClipRow, CollectionInfo, StoredVector, Version

# HNSW (Malkov and Yashunin, 2018): links per node, and candidates kept while building and searching.
HNSW_M = 16
HNSW_EF_CONSTRUCTION = 200
HNSW_MIN_EF = 64
HNSW_MAX_EF = 32_768

LITE_FLUSH_ROWS = 1_000
"""At 19,300 rows of 384 elements, flushing every 1,000 instead of every 6,400 took the slowest searches from
600 to 70 ms and the indexer's barrier from 230 to 90 ms; all 19 flushes took 5 s in sum (two busy cores)."""

LOAD_TIMEOUT_S = 60.0
PREFIX = "clips_"
_MODEL_PROPERTY = "vtr.model"
_UPSERT_CHUNK = 500
_NOT_FOUND = 100
_DELETE_ROUNDS = 10

GRPC_OPTIONS = {
    "grpc.keepalive_time_ms": 300_000,
    "grpc.keepalive_permit_without_calls": False,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 2_000,
}
"""gRPC servers allow a ping in five minutes unless told otherwise, and pymilvus sends one every ten seconds:
Milvus Lite then closes the connection with "too many pings", under calls that are on their way. And a channel
whose server was away waits up to two minutes before it tries again: nobody wants to, once it is back."""

_NOT_LOADED = 101
# What the client itself finds wrong with a call: trying again would not help.
_CALLER_FAULTS = (ParamError, DataNotMatchException, PrimaryKeyException)

_MODALITIES: tuple[Modality, ...] = get_args(Modality)


def collection_name(model: str, modality: Modality) -> str:
    """The collection of a model version and modality; Milvus allows letters, digits and underscores."""
    return f"{PREFIX}{model.replace('-', '_')}_{modality}"


def alias_name(modality: Modality) -> str:
    """The alias that names the live collection of a modality."""
    return f"{PREFIX}live_{modality}"


class MilvusStore:
    """A :class:`~vtr.vectors.store.VectorStore` on Milvus; connects at the first call."""

    def __init__(self, settings: MilvusSettings) -> None:
        self._settings = settings
        self._timeout = settings.timeout_s
        self._lock = threading.Lock()
        self._connected: MilvusClient | None = None
        self._lite = False
        self._known: dict[str, CollectionInfo] = {}
        self._unflushed: dict[str, int] = {}

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """The client's and the server's faults as :class:`Unavailable`.

        Milvus reports a lost query node and a malformed request by the same code, and requests made here are
        well formed, so whatever the server says is worth another try.
        """
        try:
            yield
        except _CALLER_FAULTS:
            raise
        except MilvusException as error:
            if error.code == _NOT_FOUND:  # dropped by somebody else: look again at the next try
                self._known.clear()
            raise Unavailable("milvus", error.message or f"code {error.code}") from error
        except grpc.RpcError as error:
            raise Unavailable("milvus", str(error)) from error

    def ensure_collection(self, model: str, modality: Modality, dim: int) -> CollectionInfo:
        name = collection_name(model, modality)
        info = self._known.get(name)
        if info is None:
            with self._faults():
                if not self._client().has_collection(name, timeout=self._timeout):
                    self._create(name, model, modality, dim)
                info = self._info(name)
        if info.model != model:
            raise ValueError(f"model: {model!r} and {info.model!r} would share the collection {name}")
        if info.dim != dim:
            raise ValueError(f"vectors: {dim} elements, but {name} holds vectors of {info.dim}")
        return info

    def _create(self, name: str, model: str, modality: Modality, dim: int) -> None:
        client = self._client()
        description = json.dumps({"model": model, "modality": modality})
        schema = MilvusClient.create_schema(
            auto_id=False, enable_dynamic_field=False, description=description
        )
        for field, limit in entities.MAX_BYTES.items():
            schema.add_field(field, DataType.VARCHAR, max_length=limit, is_primary=field == "clip_id")
        for field in ("submitted_at", "published_at", "ordinal", "clip_count"):
            schema.add_field(field, DataType.INT64)
        for field in ("t0_s", "t1_s", "duration_s"):
            schema.add_field(field, DataType.DOUBLE)
        schema.add_field(
            "tags",
            DataType.ARRAY,
            element_type=DataType.VARCHAR,
            max_capacity=entities.MAX_TAGS,
            max_length=entities.MAX_TAG_BYTES,
        )
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dim)
        index = client.prepare_index_params()
        index.add_index(
            "vector",
            index_type="HNSW",
            metric_type="COSINE",
            params={"M": HNSW_M, "efConstruction": HNSW_EF_CONSTRUCTION},
        )
        # Milvus Lite keeps properties and forgets the description; Milvus 2.3 the other way round.
        client.create_collection(
            name,
            schema=schema,
            index_params=index,
            consistency_level="Bounded",
            properties={_MODEL_PROPERTY: description},
        )

    def collections(self) -> list[CollectionInfo]:
        with self._faults():
            names = self._client().list_collections(timeout=self._timeout)
            found = [self._info(name) for name in sorted(names) if name.startswith(PREFIX)]
        live = {info.name for modality in _MODALITIES if (info := self.live(modality)) is not None}
        return [_with_live(info, info.name in live) for info in found]

    def live(self, modality: Modality) -> CollectionInfo | None:
        with self._faults():
            alias = alias_name(modality)
            # has_collection resolves aliases, and unlike describe_collection logs no error for a missing one.
            if not self._client().has_collection(alias, timeout=self._timeout):
                return None
            described = self._client().describe_collection(alias, timeout=self._timeout)
        return _with_live(self._remember(described), live=True)

    def set_live(self, modality: Modality, model: str) -> str | None:
        name, alias = collection_name(model, modality), alias_name(modality)
        before = self.live(modality)
        with self._faults():
            client = self._client()
            if not client.has_collection(name, timeout=self._timeout):
                raise KeyError(name)
            if before is None:
                client.create_alias(name, alias, timeout=self._timeout)
            elif before.name != name:
                client.alter_alias(name, alias, timeout=self._timeout)
        return before.model if before is not None else None

    def upsert(self, collection: str, rows: Sequence[ClipRow], vectors: FloatArray) -> None:
        if vectors.ndim != 2 or len(rows) != vectors.shape[0]:
            raise ValueError(f"vectors: shape {vectors.shape} for {len(rows)} rows")
        # Milvus keeps both of two rows with one id in one request; the later is meant.
        by_id = {row.clip_id: entities.to_entity(row, vectors[i]) for i, row in enumerate(rows)}
        batch = list(by_id.values())
        with self._faults():
            for start in range(0, len(batch), _UPSERT_CHUNK):
                self._client().upsert(collection, batch[start : start + _UPSERT_CHUNK], timeout=self._timeout)
        with self._lock:
            self._unflushed[collection] = self._unflushed.get(collection, 0) + len(batch)

    def search(
        self, collection: str, vector: FloatArray, *, tenant: str, filters: Filters, limit: int
    ) -> list[Candidate]:
        with self._faults():
            info = self._info(collection)
            if vector.shape != (info.dim,):
                raise ValueError(f"vector: shape {vector.shape}, but {collection} holds [{info.dim}]")
            ef = min(max(2 * limit, HNSW_MIN_EF), HNSW_MAX_EF)
            search = partial(
                self._client().search,
                collection,
                data=[vector.tolist()],
                anns_field="vector",
                limit=limit,
                filter=of_filters(tenant, filters),
                output_fields=list(entities.ROW_FIELDS),
                search_params={"metric_type": "COSINE", "params": {"ef": ef}},
                consistency_level="Bounded",
                timeout=self._timeout,
            )
            found = self._loaded(collection, search)
        return [Candidate(entities.to_row(hit["entity"]), float(hit["distance"])) for hit in found[0]]

    def marks_of_videos(
        self, collection: str, tenant: str, video_ids: Collection[str], *, barrier: bool
    ) -> list[ClipMark]:
        found = self._query(
            collection,
            of_tenant(tenant, f"video_id in {literals(sorted(video_ids))}"),
            entities.MARK_FIELDS,
            barrier=barrier,
        )
        return [entities.to_mark(entity) for entity in found]

    def rows_of_video(self, collection: str, tenant: str, video_id: str) -> list[ClipRow]:
        found = self._query(
            collection, of_tenant(tenant, f"video_id == {literal(video_id)}"), entities.ROW_FIELDS
        )
        return sorted((entities.to_row(entity) for entity in found), key=lambda row: (row.t0_s, row.clip_id))

    def vectors_of(
        self, collection: str, tenant: str, *, video_id: str | None = None, clip_id: str | None = None
    ) -> list[StoredVector]:
        if (video_id is None) == (clip_id is None):
            raise ValueError("video_id, clip_id: give exactly one")
        field, value = ("video_id", video_id) if video_id is not None else ("clip_id", clip_id)
        found = self._query(
            collection,
            of_tenant(tenant, f"{field} == {literal(str(value))}"),
            (*entities.ROW_FIELDS, "vector"),
        )
        stored = [StoredVector(entities.to_row(e), entities.to_stored_vector(e)) for e in found]
        return sorted(stored, key=lambda item: (item.row.t0_s, item.row.clip_id))

    def delete_video(self, tenant: str, video_id: str, *, submitted_until: datetime) -> None:
        with self._faults():
            names = self._client().list_collections(timeout=self._timeout)
        for name in names:
            if name.startswith(PREFIX):
                self._delete(
                    name,
                    of_tenant(
                        tenant,
                        f"video_id == {literal(video_id)}",
                        f"submitted_at <= {to_ms(submitted_until)}",
                    ),
                    barrier=True,
                )

    def delete_superseded(self, collection: str, tenant: str, video_id: str, keep: Version) -> None:
        self._delete(
            collection,
            of_tenant(
                tenant,
                f"video_id == {literal(video_id)}",
                f"submitted_at <= {keep.submitted_ms}",
                f"(submitted_at < {keep.submitted_ms} or content_hash != {literal(keep.content_hash)})",
            ),
            # The indexer has just read behind a barrier to learn that the newer version is complete.
            barrier=False,
        )

    def _delete(self, collection: str, expression: str, *, barrier: bool) -> None:
        """Delete what matches. With ``barrier``, return only once no search finds any of it.

        A delete by expression looks its rows up with the collection's own consistency, so it misses rows
        written a moment ago, and searches go on finding the deleted for as long as they may be stale.
        """
        for _ in range(_DELETE_ROUNDS):
            found = self._query(collection, expression, ("clip_id",), barrier=barrier)
            if not found:
                return
            ids = [row["clip_id"] for row in found]
            with self._faults():
                delete = partial(self._client().delete, collection, ids=ids, timeout=self._timeout)
                self._loaded(collection, delete)
            if not barrier:
                return
        raise Unavailable("milvus", f"{collection}: deleted rows are still found")

    def _query(
        self, collection: str, expression: str, fields: Sequence[str], *, barrier: bool = False
    ) -> list[dict[str, Any]]:
        with self._faults():
            query = partial(
                self._client().query,
                collection,
                filter=expression,
                output_fields=list(fields),
                consistency_level="Strong" if barrier else "Bounded",
                timeout=self._timeout,
            )
            found = self._loaded(collection, query)
        return [dict(entity) for entity in found]

    def _loaded(self, collection: str, call: Callable[[], Any]) -> Any:
        """``call``, once more after loading the collection if it was not in memory.

        After a restart Milvus Lite keeps its collections released until they are loaded, and a real Milvus
        answers "not loaded" while it recovers them; loading one that is loaded changes nothing.
        """
        try:
            return call()
        except MilvusException as error:
            if error.code != _NOT_LOADED:
                raise
        self._client().load_collection(collection, timeout=max(self._timeout, LOAD_TIMEOUT_S))
        return call()

    def count(self, collection: str, tenant: str | None = None) -> int:
        expression = "" if tenant is None else of_tenant(tenant)
        found = self._query(collection, expression, ("count(*)",))
        return int(found[0]["count(*)"])

    def flush(self) -> None:
        with self._lock:
            due = [name for name, rows in self._unflushed.items() if rows >= LITE_FLUSH_ROWS]
        if not due:
            return
        with self._faults():
            client = self._client()
            for name in due:
                if self._lite:
                    client.flush(name, timeout=max(self._timeout, LOAD_TIMEOUT_S))
                with self._lock:
                    self._unflushed[name] = 0

    def ping(self) -> None:
        with self._faults():
            self._client().get_server_version(timeout=self._timeout)

    def close(self) -> None:
        with self._lock:
            client, self._connected = self._connected, None
        if client is not None:
            client.close()

    def _client(self) -> MilvusClient:
        with self._lock:
            if self._connected is None:
                token = self._settings.token
                client = MilvusClient(
                    uri=self._settings.uri,
                    token=token.get_secret_value() if token is not None else "",
                    timeout=self._timeout,
                    dedicated=True,  # another client of this process may have come without the options
                    grpc_options=GRPC_OPTIONS,
                )
                self._lite = str(client.get_server_version()).startswith("milvus_lite")
                self._connected = client
            return self._connected

    def _info(self, name: str) -> CollectionInfo:
        known = self._known.get(name)
        if known is not None:
            return known
        return self._remember(self._client().describe_collection(name, timeout=self._timeout))

    def _remember(self, described: dict[str, Any]) -> CollectionInfo:
        name = str(described["collection_name"])
        properties = described.get("properties") or {}
        text = properties.get(_MODEL_PROPERTY) or described.get("description")
        try:
            about = json.loads(str(text))
            model, modality = str(about["model"]), cast(Modality, about["modality"])
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{name}: does not say which model it holds; was it made by vtr?") from error
        dim = next(int(f["params"]["dim"]) for f in described["fields"] if f["name"] == "vector")
        info = CollectionInfo(name=name, model=model, modality=modality, dim=dim, live=False)
        self._known[name] = info
        return info


def _with_live(info: CollectionInfo, live: bool) -> CollectionInfo:
    return CollectionInfo(info.name, info.model, info.modality, info.dim, live)
