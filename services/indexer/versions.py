"""Which versions of a video are whole, told from the clips that the store holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from vtr.vectors.store import ClipMark, Version


def complete_versions(marks: Iterable[ClipMark]) -> dict[Version, int]:
    """The versions all of whose clips are among ``marks`` (of one video), with their number of clips.

    A version is whole when its last clip, which alone knows how many there are, and every ordinal before it
    are present. The same clip may be marked several times (once per modality).
    """
    ordinals: defaultdict[Version, set[int]] = defaultdict(set)
    counts: dict[Version, int] = {}
    for mark in marks:
        ordinals[mark.version].add(mark.ordinal)
        if mark.clip_count is not None:
            counts[mark.version] = mark.clip_count
    return {version: count for version, count in counts.items() if ordinals[version].issuperset(range(count))}


def newest_complete(marks: Iterable[ClipMark]) -> Version | None:
    """The version of one video that was submitted last, among those that are whole."""
    return max(complete_versions(marks), default=None)


def is_stale(version: Version, newest: Version | None) -> bool:
    """Whether clips of ``version`` come too late: a later submission of the video is whole already."""
    return newest is not None and version.submitted_ms < newest.submitted_ms
