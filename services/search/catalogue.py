"""Where each video's own file is: known from what was submitted, indexed and found."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime

_UNKNOWN_TIME = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class KnownVideo:
    """The newest that was heard of a video; ``submitted_at`` is unknown when it comes from a hit."""

    uri: str
    title: str
    submitted_at: datetime = _UNKNOWN_TIME


class Catalogue:
    """Thread safe; the ``size`` videos heard of last."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._videos: OrderedDict[tuple[str, str], KnownVideo] = OrderedDict()

    def note(self, tenant: str, video_id: str, video: KnownVideo) -> None:
        key = (tenant, video_id)
        with self._lock:
            known = self._videos.get(key)
            if known is None or video.submitted_at >= known.submitted_at:
                self._videos[key] = video
            self._videos.move_to_end(key)
            while len(self._videos) > self._size:
                self._videos.popitem(last=False)

    def get(self, tenant: str, video_id: str) -> KnownVideo | None:
        with self._lock:
            return self._videos.get((tenant, video_id))
