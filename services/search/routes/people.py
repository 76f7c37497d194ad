"""What people do, and what is recommended to them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Annotated

import anyio.to_thread
import msgspec
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from search.ports import Publisher, Recommendation
from search.routes.parameters import TenantName, UserId
from vtr.contracts.envelope import DEFAULT_TENANT
from vtr.contracts.events import InteractionRecorded
from vtr.observability.metrics import INTERACTIONS
from vtr.runtime.bodies import read_event


def build_router(publisher: Publisher, recommendation: Recommendation) -> APIRouter:
    router = APIRouter()

    @router.post("/v1/interactions")
    async def record(request: Request) -> Response:
        """Record what a person did: the body of ``vtr.interaction.recorded.v1``.

        ``interaction_id`` and ``occurred_at`` may be left out; a time in the future becomes now.
        """
        now = datetime.now(UTC)
        defaults = {"interaction_id": f"i-{uuid.uuid4().hex}", "occurred_at": now}
        event = await read_event(request, InteractionRecorded, lambda _given: defaults)
        event = msgspec.structs.replace(event, occurred_at=min(now, event.occurred_at))
        await anyio.to_thread.run_sync(publisher.publish, event)
        INTERACTIONS.labels(event.kind).inc()
        return JSONResponse({"interaction_id": event.interaction_id}, status_code=202)

    @router.get("/v1/people/{user_id}/recommendations")
    async def recommendations(
        user_id: UserId,
        tenant: TenantName = DEFAULT_TENANT,
        k: Annotated[int, Query(ge=1, le=100)] = 20,
    ) -> Response:
        """A person's feed, as recommendation makes it now."""
        reply = await recommendation.feed(tenant, user_id, k)
        return Response(reply.body, status_code=reply.status, media_type=reply.media_type)

    return router
