"""The app: every route over what this process knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import FastAPI

from search.answers import Answers
from search.catalogue import Catalogue
from search.follow import Follower
from search.frames import Frames
from search.hub import Hub
from search.media import MediaFiles
from search.ports import Publisher, Ranking, Recommendation
from search.routes import events, pages, people, queries, videos
from search.statuses import StatusTable
from search.uris import UriRules
from vtr.runtime.api import build_api as build_app


@dataclass(frozen=True)
class Parts:
    """What the routes are built from."""

    statuses: StatusTable
    catalogue: Catalogue
    answers: Answers
    hub: Hub
    follower: Follower
    ranking: Ranking
    recommendation: Recommendation
    publisher: Publisher
    rules: UriRules
    media: MediaFiles
    frames: Frames
    check_read: Callable[[], None]
    topics_timeout_s: float


def build_api(parts: Parts) -> FastAPI:
    """The HTTP API and the page."""
    app = build_app("vtr search")
    app.include_router(
        queries.build_router(
            parts.ranking,
            parts.publisher,
            parts.answers,
            parts.follower,
            parts.rules,
            timeout_s=parts.topics_timeout_s,
        )
    )
    app.include_router(
        videos.build_router(
            publisher=parts.publisher,
            statuses=parts.statuses,
            catalogue=parts.catalogue,
            media=parts.media,
            frames=parts.frames,
            rules=parts.rules,
            check_read=parts.check_read,
        )
    )
    app.include_router(people.build_router(parts.publisher, parts.recommendation))
    app.include_router(events.build_router(parts.hub))
    app.include_router(pages.build_router())
    return app
