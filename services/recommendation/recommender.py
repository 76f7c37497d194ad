"""A person's feed, from what the ports know. Topic and HTTP both ask here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from recommendation.feed import Candidates, FeedOptions, build_feed, build_profile
from recommendation.ports import Library, Near, Neighbours, People
from recommendation.taste import History
from vtr.contracts.events import RecommendationUpdated
from vtr.contracts.step import Unavailable
from vtr.observability.logging import get_logger
from vtr.observability.metrics import RECOMMENDATIONS

CANDIDATES_PER_ITEM = 5
NO_MODEL = "none"

log = get_logger("recommendation")


class Recommender:
    """Thread safe as far as its ports are."""

    def __init__(
        self,
        people: People,
        library: Library,
        neighbours: Neighbours,
        options: FeedOptions,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._people = people
        self._library = library
        self._neighbours = neighbours
        self._options = options
        self._clock = clock

    def recommend(
        self, tenant: str, user_id: str, k: int, history: History | None = None
    ) -> RecommendationUpdated:
        """The feed as of now. ``history`` is read where it is not given.

        Without the vector store it is made of what is popular and new, ordered by the profile all the same.
        Raises :class:`Unavailable` when people or library do not answer.
        """
        now = self._clock()
        if history is None:
            history = self._people.history(tenant, user_id)
        known = self._library.records(tenant, history.keys())
        profile = build_profile(history, known, now=now, half_life_s=self._options.taste_half_life_s)
        wanted = k * CANDIDATES_PER_ITEM
        near: list[Near] = []
        start = "cold"
        if profile is not None:
            start = "warm"
            try:
                near = self._neighbours.near(
                    tenant, profile.vector, profile.model, exclude=history.keys(), limit=wanted
                )
            except Unavailable as error:
                start = "degraded"
                log.warning("feed without neighbours", reason=str(error))
        # Seen videos may fill the top of these lists, so as many more are asked for.
        popular = self._library.popular(tenant, wanted + len(history), now)
        fresh = self._library.fresh(tenant, wanted + len(history))
        unseen = ({found.video_id for found in near} | popular.keys() | fresh.keys()) - history.keys()
        records = {**self._library.records(tenant, unseen), **known}
        items = build_feed(
            profile=profile,
            history=history,
            records=records,
            candidates=Candidates(near=near, popular=popular, fresh=fresh),
            k=k,
            now=now,
            options=self._options,
        )
        RECOMMENDATIONS.labels(start).inc()
        return RecommendationUpdated(
            user_id=user_id,
            updated_at=now,
            items=tuple(items),
            model=profile.model if profile is not None else NO_MODEL,
            tenant=tenant,
            interactions=sum(len(taste.signals) for taste in history.values()),
        )
