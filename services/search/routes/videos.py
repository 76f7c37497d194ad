"""Videos: submit, delete, list, follow, play, and single frames."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import anyio.to_thread
import msgspec
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from search.catalogue import Catalogue
from search.frames import Frames
from search.media import MediaFiles
from search.ports import Publisher
from search.routes.parameters import TenantName, VideoId
from search.statuses import StatusTable
from search.uris import UriRules
from vtr.contracts.envelope import DEFAULT_TENANT
from vtr.contracts.events import VideoDeleted, VideoStatus, VideoSubmitted
from vtr.contracts.events.videos import Stage
from vtr.contracts.ids import video_id as id_of
from vtr.contracts.step import Rejected
from vtr.runtime.bodies import read_event

JSON = "application/json"
MAX_LISTED = 500


def build_router(
    *,
    publisher: Publisher,
    statuses: StatusTable,
    catalogue: Catalogue,
    media: MediaFiles,
    frames: Frames,
    rules: UriRules,
    check_read: Callable[[], None],
) -> APIRouter:
    """``check_read`` raises ``Unavailable`` until the status topic was read once."""
    router = APIRouter()

    @router.post("/v1/videos")
    async def submit(request: Request) -> Response:
        """Submit a video: the body of ``vtr.video.submitted.v1``, of which only ``uri`` must be given."""
        now = datetime.now(UTC)

        def defaults(given: dict[str, Any]) -> dict[str, Any]:
            tenant = str(given.get("tenant", DEFAULT_TENANT))
            return {"video_id": id_of(tenant, str(given.get("uri"))), "submitted_at": now}

        # The time of submission orders versions and deletions: it is this service's to say.
        event = msgspec.structs.replace(await read_event(request, VideoSubmitted, defaults), submitted_at=now)
        rules.check("uri", event.uri)
        if event.captions_uri is not None:
            rules.check("captions_uri", event.captions_uri)
        await anyio.to_thread.run_sync(publisher.publish, event)
        status_url = f"/v1/videos/{event.video_id}/status?tenant={event.tenant}"
        body = {
            "video_id": event.video_id,
            "tenant": event.tenant,
            "submitted_at": now.isoformat(),
            "status_url": status_url,
        }
        return JSONResponse(body, status_code=202, headers={"Location": status_url})

    @router.delete("/v1/videos/{video_id}")
    async def delete(video_id: VideoId, tenant: TenantName = DEFAULT_TENANT) -> Response:
        """Remove a video everywhere; also one that is still on its way through the pipeline."""
        event = VideoDeleted(
            video_id=video_id, deleted_at=datetime.now(UTC), tenant=tenant, reason="asked for over HTTP"
        )
        await anyio.to_thread.run_sync(publisher.publish, event)
        return JSONResponse({"video_id": video_id, "tenant": tenant}, status_code=202)

    @router.get("/v1/videos")
    def newest(
        tenant: TenantName = DEFAULT_TENANT,
        stage: Annotated[Stage | None, Query()] = None,
        limit: Annotated[int, Query(ge=1, le=MAX_LISTED)] = 50,
    ) -> Response:
        """The videos submitted last with their status, and how many there are in each stage."""
        check_read()
        listed = statuses.newest(tenant, limit=limit, stage=stage)
        body = {
            "videos": [_described(status, catalogue) for status in listed],
            "counts": statuses.counts(tenant),
        }
        return Response(msgspec.json.encode(body), media_type=JSON)

    @router.get("/v1/videos/{video_id}/status")
    def status_of(video_id: VideoId, tenant: TenantName = DEFAULT_TENANT) -> Response:
        """How far a video is: the latest ``vtr.video.status.v1``."""
        check_read()
        status = statuses.get(tenant, video_id)
        if status is None:
            raise Rejected("video-not-found", f"video_id: nothing is known of {video_id!r} (yet)")
        return Response(msgspec.json.encode(_described(status, catalogue)), media_type=JSON)

    @router.get("/v1/videos/{video_id}/media")
    def media_of(video_id: VideoId, tenant: TenantName = DEFAULT_TENANT) -> Response:
        """The video itself, with byte ranges."""
        status, known = statuses.get(tenant, video_id), catalogue.get(tenant, video_id)
        if known is None or (status is not None and status.stage == "deleted"):
            raise Rejected("video-not-found", f"video_id: nothing is known of {video_id!r} (any more)")
        return media.response(known.uri)

    @router.get("/v1/frames")
    def frame(
        pack: Annotated[str, Query(min_length=1, max_length=4096)],
        index: Annotated[int, Query(ge=0, le=1023)],
        tenant: TenantName = DEFAULT_TENANT,
    ) -> Response:
        """One frame of a frame pack (``best_frame`` of a hit names both) as JPEG."""
        headers = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}
        return Response(frames.jpeg(tenant, pack, index), media_type="image/jpeg", headers=headers)

    return router


def _described(status: VideoStatus, catalogue: Catalogue) -> dict[str, Any]:
    known = catalogue.get(status.tenant, status.video_id)
    described: dict[str, Any] = msgspec.to_builtins(status)
    described["title"] = known.title if known is not None else ""
    return described
