"""HTTP to ranking and recommendation."""

from __future__ import annotations

from functools import partial
from urllib.parse import quote

import anyio
import anyio.to_thread
import httpx

from search.ports import Reply
from vtr.contracts import codec
from vtr.contracts.events import QuerySubmitted
from vtr.contracts.step import Unavailable

MAX_CALLS = 100


class Upstream:
    """One service behind a pooled client. Calls run in threads, so that the client needs no event loop to
    close in; ``margin_s`` is the time on top of what the call itself may take.
    """

    def __init__(self, name: str, base_url: str, *, margin_s: float) -> None:
        self._name = name
        self._margin_s = margin_s
        self._client = httpx.Client(base_url=base_url, limits=httpx.Limits(max_connections=MAX_CALLS))
        self._limiter = anyio.CapacityLimiter(MAX_CALLS)

    async def search(self, query: QuerySubmitted) -> Reply:
        return await self._call(
            partial(
                self._client.post,
                "/v1/search",
                content=codec.encode(query),
                headers={"content-type": "application/json"},
                timeout=query.budget_ms / 1000 + self._margin_s,
            )
        )

    async def feed(self, tenant: str, user_id: str, k: int) -> Reply:
        path = f"/v1/people/{quote(user_id, safe='')}/recommendations"
        params = {"tenant": tenant, "k": str(k)}
        return await self._call(partial(self._client.get, path, params=params, timeout=self._margin_s))

    def close(self) -> None:
        self._client.close()

    async def _call(self, send: partial[httpx.Response]) -> Reply:
        try:
            response = await anyio.to_thread.run_sync(send, limiter=self._limiter)
        except httpx.HTTPError as error:
            raise Unavailable(self._name, f"{type(error).__name__}: {error}") from error
        return Reply(
            response.status_code, response.content, response.headers.get("content-type", "application/json")
        )
