"""The HTTP API: search now, and look at what is indexed."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from ranking.handler import observe
from ranking.search import SearchNow
from vtr.contracts.envelope import DEFAULT_TENANT
from vtr.contracts.events import QuerySubmitted, ResultsRanked
from vtr.contracts.events.base import Identifier, Tenant
from vtr.contracts.step import Rejected, Unavailable
from vtr.observability.logging import get_logger
from vtr.observability.metrics import QUERIES
from vtr.runtime.bodies import read_event
from vtr.runtime.problems import HANDLERS
from vtr.vectors.store import ClipRow, VectorStore

PATH = "http"

log = get_logger("ranking.api")


class Clip(msgspec.Struct, frozen=True, kw_only=True):
    """A clip as the index holds it."""

    clip_id: str
    ordinal: int
    t0_s: float
    t1_s: float
    title: str
    transcript: str
    frame_pack_uri: str
    frame_times_s: tuple[float, ...]
    frame_vectors_uri: str | None
    content_hash: str
    submitted_at: datetime


class VideoClips(msgspec.Struct, frozen=True, kw_only=True):
    """The clips of one video, in the order of time."""

    video_id: str
    tenant: str
    collection: str
    uri: str
    clips: tuple[Clip, ...]


class Collection(msgspec.Struct, frozen=True, kw_only=True):
    """One collection and how many clips it holds (of all tenants)."""

    name: str
    model: str
    modality: str
    dim: int
    live: bool
    clips: int


class Collections(msgspec.Struct, frozen=True, kw_only=True):
    collections: tuple[Collection, ...]
    watermark: datetime | None


def build_api(
    search: SearchNow,
    store: VectorStore,
    read_watermark: Callable[[], datetime | None],
    publish: Callable[[ResultsRanked], None],
) -> FastAPI:
    """The API. ``publish`` is called after an answer has left."""
    app = FastAPI(title="vtr ranking", version="1", exception_handlers=HANDLERS)

    def announce(results: ResultsRanked) -> None:
        try:
            publish(results)
        except (Unavailable, Rejected) as error:
            # The person has the answer; what is lost is what recommendation would have learnt from it.
            log.warning("answer not published", query_id=results.query_id, reason=str(error))

    @app.post("/v1/search", openapi_extra=_body(QuerySubmitted))
    async def search_now(request: Request) -> Response:
        """The ranked answer to a query; ``query_id`` and ``submitted_at`` are made where left out."""
        began = time.monotonic()
        query = await read_event(request, QuerySubmitted, _defaults)
        try:
            results = await run_in_threadpool(search.search, query)
        except Rejected:
            QUERIES.labels(PATH, "rejected").inc()
            raise
        except Unavailable:
            QUERIES.labels(PATH, "unavailable").inc()
            raise
        observe(results, PATH, time.monotonic() - began)
        return _json(results, background=BackgroundTask(announce, results))

    @app.get("/v1/videos/{video_id}/clips")
    def clips_of_video(video_id: str, tenant: str = DEFAULT_TENANT) -> Response:
        """The clips of a video that searches can find now."""
        _check(video_id, Identifier, "video_id")
        _check(tenant, Tenant, "tenant")
        live = store.live("visual")
        rows = store.rows_of_video(live.name, tenant, video_id) if live is not None else []
        if live is None or not rows:
            raise Rejected("video-not-found", f"video_id: {video_id!r} is not indexed for {tenant!r}")
        return _json(
            VideoClips(
                video_id=video_id,
                tenant=tenant,
                collection=live.name,
                uri=rows[0].uri,
                clips=tuple(_clip(row) for row in rows),
            )
        )

    @app.get("/v1/collections")
    def collections() -> Response:
        """All collections, which of them answer queries, and the watermark."""
        found = tuple(
            Collection(
                name=info.name,
                model=info.model,
                modality=info.modality,
                dim=info.dim,
                live=info.live,
                clips=store.count(info.name),
            )
            for info in store.collections()
        )
        return _json(Collections(collections=found, watermark=read_watermark()))

    return app


def _defaults(_given: dict[str, Any]) -> dict[str, Any]:
    return {"query_id": uuid.uuid4().hex, "submitted_at": datetime.now(UTC)}


def _clip(row: ClipRow) -> Clip:
    return Clip(
        clip_id=row.clip_id,
        ordinal=row.ordinal,
        t0_s=row.t0_s,
        t1_s=row.t1_s,
        title=row.title,
        transcript=row.transcript,
        frame_pack_uri=row.frame_pack_uri,
        frame_times_s=row.frame_times_s,
        frame_vectors_uri=row.frame_vectors_uri,
        content_hash=row.content_hash,
        submitted_at=row.submitted_at,
    )


def _check(value: str, wanted: Any, name: str) -> None:
    try:
        msgspec.convert(value, wanted)
    except msgspec.ValidationError as error:
        raise Rejected("invalid-parameter", f"{name}: {error}") from error


def _json(body: Any, background: BackgroundTask | None = None) -> Response:
    return Response(msgspec.json.encode(body), media_type="application/json", background=background)


def _body(event: type[msgspec.Struct]) -> dict[str, Any]:
    _, components = msgspec.json.schema_components([event], ref_template="#/components/schemas/{name}")
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": components[event.__name__]}},
        }
    }
