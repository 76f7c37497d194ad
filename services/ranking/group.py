"""From ranked clips to answers: a video's best clip stands for it, its other clips hang below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ranking.fuse import FusedClip

MAX_OTHER_CLIPS = 10


@dataclass(frozen=True, slots=True)
class Group:
    """One answer: the clip that leads it, and further clips of the same video, best first."""

    best: FusedClip
    others: tuple[FusedClip, ...] = ()


def group(clips: Sequence[FusedClip], by: Literal["video", "clip"], k: int) -> list[Group]:
    """The first ``k`` groups of ``clips`` (best first), in the order of their leaders."""
    if by == "clip":
        return [Group(clip) for clip in clips[:k]]
    members: dict[str, list[FusedClip]] = {}
    for clip in clips:
        members.setdefault(clip.row.video_id, []).append(clip)
    return [
        Group(best=mine[0], others=tuple(mine[1 : 1 + MAX_OTHER_CLIPS]))
        for mine in list(members.values())[:k]
    ]


def count_groups(clips: Sequence[FusedClip], by: Literal["video", "clip"]) -> int:
    """How many groups there would be without a limit."""
    return len(clips) if by == "clip" else len({clip.row.video_id for clip in clips})
