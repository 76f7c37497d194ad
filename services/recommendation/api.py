"""``GET /v1/people/{user_id}/recommendations``: a person's feed as of now."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Path, Query, Response

from recommendation.recommender import Recommender
from vtr.contracts import codec
from vtr.contracts.envelope import DEFAULT_TENANT
from vtr.runtime.api import build_api as build_app

MAX_K = 100

UserId = Annotated[str, Path(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9._:@-]+$")]
TenantParameter = Annotated[str, Query(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9-]*$")]


def build_api(recommender: Recommender, *, feed_length: int) -> FastAPI:
    """The HTTP API over ``recommender``."""
    app = build_app("vtr recommendation")

    # A plain function runs in the thread pool: the ports block.
    @app.get("/v1/people/{user_id}/recommendations")
    def recommendations(
        user_id: UserId,
        tenant: TenantParameter = DEFAULT_TENANT,
        k: Annotated[int, Query(ge=1, le=MAX_K)] = feed_length,
    ) -> Response:
        """The same as ``vtr.recommendation.updated.v1``; for an unknown person, what is popular and new."""
        feed = recommender.recommend(tenant, user_id, k)
        return Response(codec.encode(feed), media_type="application/json")

    return app
