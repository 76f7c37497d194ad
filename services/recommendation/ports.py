"""What the steps need from the outside, whatever provides it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from recommendation.library import Vector, VideoRecord
from recommendation.taste import Taste
from vtr.contracts.events import ClipIndexed, InteractionRecorded


@dataclass(frozen=True, slots=True)
class Near:
    """A clip near to a profile: the best of its video."""

    video_id: str
    clip_id: str
    start_s: float
    title: str
    cosine: float


class People(Protocol):
    """What each person did. Raises ``Unavailable`` when the store does not answer."""

    def history(self, tenant: str, user_id: str) -> dict[str, Taste]: ...

    def record(
        self, tenant: str, user_id: str, interactions: Sequence[InteractionRecorded]
    ) -> dict[str, Taste]:
        """Merge ``interactions`` in one transaction, with the popularity they give; the history after it."""
        ...


class Library(Protocol):
    """What is known of each video. Raises ``Unavailable`` when the store does not answer."""

    def learn(self, tenant: str, video_id: str, clips: Sequence[ClipIndexed]) -> None:
        """Add ``clips`` of one video in one transaction."""
        ...

    def forget(self, tenant: str, video_id: str, submitted_until: datetime) -> None:
        """Drop the video as far as it was submitted up to ``submitted_until``."""
        ...

    def records(self, tenant: str, video_ids: Collection[str]) -> dict[str, VideoRecord]:
        """Those that are known."""
        ...

    def fresh(self, tenant: str, limit: int) -> dict[str, float]:
        """The newest videos with the Unix time of their submission."""
        ...

    def popular(self, tenant: str, limit: int, now: datetime) -> dict[str, float]:
        """The most liked videos with the number of people, decayed to ``now``."""
        ...


class Neighbours(Protocol):
    """The vector store as seen from here."""

    def near(
        self, tenant: str, vector: Vector, model: str, *, exclude: Collection[str], limit: int
    ) -> list[Near]:
        """The nearest videos; none when ``model`` is not the one that is live. Raises ``Unavailable``."""
        ...
