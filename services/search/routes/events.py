"""``GET /v1/events``: what happens, as it happens (server-sent events, WHATWG HTML section 9.2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
from fastapi import APIRouter, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from search.hub import Hub, Interest
from search.routes.parameters import MaybeId, TenantName
from vtr.contracts.envelope import DEFAULT_TENANT
from vtr.contracts.events import ClipIndexed, Event

PING_S = 15


def build_router(hub: Hub) -> APIRouter:
    router = APIRouter()

    @router.get("/v1/events")
    async def events(
        tenant: TenantName = DEFAULT_TENANT, user_id: MaybeId = None, query_id: MaybeId = None
    ) -> Response:
        """A stream of ``video.status`` and ``clip.indexed`` of the tenant, and of ``results.ranked`` and
        ``recommendation.updated`` for this person (or this query). ``missed`` says how many were lost because
        the reader was too slow.
        """
        return EventSourceResponse(_stream(hub, Interest(tenant, user_id, query_id)), ping=PING_S)

    return router


async def _stream(hub: Hub, interest: Interest) -> AsyncIterator[ServerSentEvent]:
    with hub.subscribe(interest) as subscription:
        yield ServerSentEvent(event="open", data="{}")
        async for event in subscription:
            if isinstance(event, int):
                yield ServerSentEvent(event="missed", data=str(event))
            else:
                data = msgspec.json.encode(_view(event)).decode()
                yield ServerSentEvent(event=event.TYPE.removeprefix("vtr.").rpartition(".v")[0], data=data)


def _view(event: Event) -> Any:
    """Vectors are no news for people."""
    if isinstance(event, ClipIndexed):
        return {
            "clip_id": event.clip_id,
            "video_id": event.video.video_id,
            "title": event.video.title,
            "ordinal": event.ordinal,
            "clip_count": event.clip_count,
            "video_complete": event.video_complete,
            "watermark": event.watermark,
        }
    return event
