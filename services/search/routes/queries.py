"""``POST /v1/search`` and ``GET /v1/queries/{query_id}``."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime
from typing import Annotated, Literal

import anyio.to_thread
import msgspec
from fastapi import APIRouter, Query, Request, Response

from search.answers import Answers
from search.follow import Follower
from search.ports import Publisher, Ranking
from search.routes.parameters import QueryId, TenantName
from search.uris import UriRules
from vtr.contracts import codec
from vtr.contracts.envelope import DEFAULT_TENANT
from vtr.contracts.events import QuerySubmitted, ResultsRanked
from vtr.contracts.step import Rejected
from vtr.runtime.bodies import read_event
from vtr.runtime.problems import problem

JSON = "application/json"


def build_router(
    ranking: Ranking,
    publisher: Publisher,
    answers: Answers,
    follower: Follower,
    rules: UriRules,
    *,
    timeout_s: float,
) -> APIRouter:
    router = APIRouter()

    @router.post("/v1/search")
    async def search(
        request: Request, path: Annotated[Literal["http", "topics"], Query()] = "http"
    ) -> Response:
        """Answer a query: the body of ``vtr.query.submitted.v1``, query_id and submitted_at optional.

        ``path=http`` asks ranking directly; ``path=topics`` goes through Kafka and gives the same ranking.
        """
        now = datetime.now(UTC)
        defaults = {"query_id": f"q-{uuid.uuid4().hex}", "submitted_at": now}
        given = await read_event(request, QuerySubmitted, lambda _given: defaults)
        query = msgspec.structs.replace(given, submitted_at=now)
        if query.example is not None and query.example.uri is not None:
            rules.check("example.uri", query.example.uri)
        if path == "http":
            reply = await ranking.search(query)
            if reply.status == 200:
                follower.note_hits(codec.decode_as(ResultsRanked, reply.body))
            return Response(reply.body, status_code=reply.status, media_type=reply.media_type)
        expected = answers.expect(query.query_id)
        try:
            await anyio.to_thread.run_sync(publisher.publish, query)
            async with asyncio.timeout(timeout_s):
                answer = await asyncio.wrap_future(expected)
        except TimeoutError:
            return problem(
                504,
                f"no answer through the topics within {timeout_s:g} s; it may still come",
                code="answer-timeout",
                query_id=query.query_id,
            )
        finally:
            expected.cancel()
        return Response(codec.encode(answer), media_type=JSON)

    @router.get("/v1/queries/{query_id}")
    async def answer_of(query_id: QueryId, tenant: TenantName = DEFAULT_TENANT) -> Response:
        """The answer to an earlier query, while this instance remembers it."""
        answer = answers.get(query_id)
        if answer is None or answer.tenant != tenant:
            raise Rejected("answer-not-found", f"query_id: no answer to {query_id!r} is remembered here")
        return Response(codec.encode(answer), media_type=JSON)

    return router
