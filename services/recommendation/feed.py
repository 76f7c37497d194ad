"""From a person's history and the candidates to a feed with reasons. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from recommendation.library import Vector, VideoRecord
from recommendation.ports import Near
from recommendation.taste import History, strongest_verb, weight
from vtr.contracts.events.people import RecommendedItem

AGAINST = 0.25
"""What disliked videos weigh against liked ones (gamma of Rocchio, 1971)."""


@dataclass(frozen=True, slots=True)
class FeedOptions:
    """``diversity``: weight of novelty against relevance (1 - lambda of MMR); ``explore``: share of the feed
    that does not follow the profile; half-lives in seconds."""

    diversity: float = 0.3
    explore: float = 0.2
    taste_half_life_s: float = 14 * 86_400.0
    fresh_half_life_s: float = 3 * 86_400.0


@dataclass(frozen=True, slots=True)
class Profile:
    """A direction [D] in a model's space, and the liked videos that it comes from with their weights."""

    vector: Vector
    model: str
    liked: Mapping[str, float]


def build_profile(
    history: History, records: Mapping[str, VideoRecord], *, now: datetime, half_life_s: float
) -> Profile | None:
    """The decayed weighted mean of what the person watched; None when nothing speaks for anything.

    Computed from the videos as they are now, so that a video that was deleted or embedded anew counts
    accordingly. Where videos of several model versions are mixed, the one with the most weight is taken.
    """
    weights: dict[str, float] = {}
    per_model: dict[str, float] = {}
    for video_id, taste in history.items():
        record = records.get(video_id)
        if record is None or record.vector is None:
            continue
        value = weight(taste, now=now, half_life_s=half_life_s, duration_s=record.duration_s)
        weights[video_id] = value
        per_model[record.model] = per_model.get(record.model, 0.0) + abs(value)
    if not per_model:
        return None
    model = max(sorted(per_model), key=per_model.__getitem__)
    total: Vector | None = None
    liked: dict[str, float] = {}
    # Sorted, so that the sum has the same bits whatever order the store answers in.
    for video_id in sorted(weights):
        vector = records[video_id].vector
        if records[video_id].model != model or vector is None:
            continue
        value = weights[video_id]
        if value > 0:
            liked[video_id] = value
        term = np.float32(value if value > 0 else AGAINST * value) * vector
        total = term if total is None else total + term
    if total is None or not liked:
        return None
    norm = float(np.linalg.norm(total))
    return Profile(total / np.float32(norm), model, liked) if norm > 1e-6 else None


@dataclass(frozen=True, slots=True)
class Candidates:
    """Where recommended videos come from: near to the profile, liked by many, new (see the ports)."""

    near: Sequence[Near]
    popular: Mapping[str, float]
    fresh: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Candidate:
    video_id: str
    clip_id: str
    start_s: float
    title: str
    vector: Vector | None
    near: float
    """Cosine to the profile; 0 without one."""
    general: float
    """In [0, 1]: how popular and new it is."""
    is_new: bool
    """Being new speaks more for it than being popular."""


def build_feed(
    *,
    profile: Profile | None,
    history: History,
    records: Mapping[str, VideoRecord],
    candidates: Candidates,
    k: int,
    now: datetime,
    options: FeedOptions,
) -> list[RecommendedItem]:
    """At most ``k`` videos that the person has not opened, each once, with the reason.

    Most follow the profile, the last ``explore`` share what is popular and new; without a profile all do.
    Chosen one by one by maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998).
    """
    pool = _pool(profile, records, candidates, history.keys(), now, options.fresh_half_life_s)
    novelty = options.diversity
    follow = 0 if profile is None else k - math.floor(k * options.explore)
    following = _mmr(pool, {c.video_id: c.near for c in pool}, follow, [], novelty)
    taken = {candidate.video_id for candidate in following}
    rest = [candidate for candidate in pool if candidate.video_id not in taken]
    general = {candidate.video_id: candidate.general for candidate in rest}
    exploring = _mmr(rest, general, k - len(following), following, novelty)
    chosen = [(c, c.near, True) for c in following] + [(c, c.general, False) for c in exploring]
    items = []
    for rank, (candidate, score, follows) in enumerate(chosen, start=1):
        because = _because(candidate, profile, records) if follows and profile is not None else None
        items.append(
            RecommendedItem(
                rank=rank,
                video_id=candidate.video_id,
                clip_id=candidate.clip_id,
                score=score,
                reason=_reason(candidate, because, history, records, follows=follows),
                title=candidate.title,
                start_s=candidate.start_s,
                because_video_id=because,
            )
        )
    return items


def _pool(  # noqa: PLR0917  (called in one place)
    profile: Profile | None,
    records: Mapping[str, VideoRecord],
    candidates: Candidates,
    seen: Collection[str],
    now: datetime,
    fresh_half_life_s: float,
) -> list[_Candidate]:
    popular, fresh = candidates.popular, candidates.fresh
    by_id = {found.video_id: found for found in candidates.near}
    most = max(popular.values(), default=0.0)
    pool = []
    for video_id in sorted({*by_id, *popular, *fresh} - set(seen)):
        record, found = records.get(video_id), by_id.get(video_id)
        if record is None and found is None:
            continue
        vector = record.vector if record is not None else None
        comparable = profile is not None and record is not None and record.model == profile.model
        if profile is not None and vector is not None and comparable:
            cosine = float(profile.vector @ vector)
        else:
            cosine = found.cosine if found is not None else 0.0
        liked = math.log1p(popular.get(video_id, 0.0)) / math.log1p(most) if most > 0 else 0.0
        age_s = max(0.0, now.timestamp() - fresh[video_id]) if video_id in fresh else math.inf
        newness = 2.0 ** (-age_s / fresh_half_life_s)
        pool.append(
            _Candidate(
                video_id=video_id,
                clip_id=found.clip_id if found else record.start_clip_id if record else "",
                start_s=found.start_s if found else record.start_s if record else 0.0,
                title=record.title if record is not None else found.title if found else "",
                vector=vector,
                near=cosine,
                general=0.5 * liked + 0.5 * newness,
                is_new=newness > liked,
            )
        )
    return pool


def _mmr(
    pool: Collection[_Candidate],
    relevance: Mapping[str, float],
    count: int,
    before: Sequence[_Candidate],
    diversity: float,
) -> list[_Candidate]:
    left = {candidate.video_id: candidate for candidate in pool}
    closest = {
        video_id: max((_similarity(candidate, other) for other in before), default=0.0)
        for video_id, candidate in left.items()
    }
    chosen: list[_Candidate] = []
    while left and len(chosen) < count:
        best = max(
            left, key=lambda video_id: (1 - diversity) * relevance[video_id] - diversity * closest[video_id]
        )
        picked = left.pop(best)
        chosen.append(picked)
        for video_id, candidate in left.items():
            closest[video_id] = max(closest[video_id], _similarity(candidate, picked))
    return chosen


def _similarity(one: _Candidate, other: _Candidate) -> float:
    if one.vector is None or other.vector is None or one.vector.shape != other.vector.shape:
        return 0.0
    return float(one.vector @ other.vector)


def _because(candidate: _Candidate, profile: Profile, records: Mapping[str, VideoRecord]) -> str | None:
    """The liked video that speaks most for ``candidate``."""
    best: tuple[float, str] | None = None
    for video_id, liking in profile.liked.items():
        vector = records[video_id].vector
        if vector is None or candidate.vector is None or vector.shape != candidate.vector.shape:
            continue
        pull = liking * float(vector @ candidate.vector)
        if pull > 0 and (best is None or pull > best[0]):
            best = (pull, video_id)
    return best[1] if best else None


def _reason(
    candidate: _Candidate,
    because: str | None,
    history: History,
    records: Mapping[str, VideoRecord],
    *,
    follows: bool,
) -> str:
    if because is not None:
        title = records[because].title or "a similar video"
        return f"because you {strongest_verb(history[because])} {title}"
    if follows and candidate.near > 0:
        return "near to what you watch"
    return "new" if candidate.is_new else "popular"
