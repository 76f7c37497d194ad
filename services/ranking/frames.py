"""Within a clip: the frame nearest to the query, and the moment around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from vtr.contracts.events.results import BestFrame, Moment
from vtr.vectors.arrays import FloatArray
from vtr.vectors.store import ClipRow


class FrameVectors(Protocol):
    """Per-frame vectors of clips (see :class:`ranking.frame_store.FrameStore`)."""

    def load(self, uri: str) -> FloatArray:
        """The unit vectors [T, D].

        Raises ``FileNotFoundError`` when they are gone, ``ValueError`` when the file is not what it should
        be, :class:`~vtr.contracts.step.Unavailable` when the object store does not answer.
        """
        ...


@dataclass(frozen=True, slots=True)
class Localised:
    """Where in a clip the query is met."""

    frame: BestFrame
    moment: Moment


def localise(
    row: ClipRow, frames: FloatArray, query: FloatArray, fraction: float, *, within: Moment | None = None
) -> Localised:
    """The frame of ``row`` nearest to ``query`` [D] and the run of frames around it that hold up.

    ``frames`` [T, D] are unit vectors, as is ``query``. A moment that is known (``within``) stands, and the
    frame is the nearest in it. Raises ``ValueError`` when shapes do not fit.
    """
    times = row.frame_times_s
    if frames.shape != (len(times), query.shape[0]):
        raise ValueError(
            f"frame vectors: shape {frames.shape}, wanted ({len(times)}, {query.shape[0]}) for {row.clip_id}"
        )
    cosines = frames @ query
    if within is not None:
        inside = np.array([within.start_s <= time_s < within.end_s for time_s in times])
        best = int(np.argmax(np.where(inside, cosines, -np.inf) if inside.any() else cosines))
        return Localised(_best_frame(row, best, float(cosines[best])), within)
    best = int(np.argmax(cosines))
    start_s, end_s = window(cosines.tolist(), times, (row.t0_s, row.t1_s), fraction)
    score = float(cosines[best])
    return Localised(_best_frame(row, best, score), Moment(start_s=start_s, end_s=end_s, score=score))


def _best_frame(row: ClipRow, index: int, score: float) -> BestFrame:
    return BestFrame(
        time_s=row.frame_times_s[index], index=index, frame_pack_uri=row.frame_pack_uri, score=score
    )


def window(
    cosines: Sequence[float], times_s: Sequence[float], clip_s: tuple[float, float], fraction: float
) -> tuple[float, float]:
    """The moment around the best of ``cosines``: its neighbours as long as they reach ``fraction`` of it.

    A frame stands for the time up to halfway to its neighbours, the first and the last for that up to the
    clip's ends. A peak that is not positive stands alone.
    """
    best = max(range(len(cosines)), key=lambda i: (cosines[i], -i))
    floor = cosines[best] * fraction if cosines[best] > 0 else cosines[best]
    first = last = best
    while first > 0 and cosines[first - 1] >= floor:
        first -= 1
    while last + 1 < len(cosines) and cosines[last + 1] >= floor:
        last += 1
    start = clip_s[0] if first == 0 else (times_s[first - 1] + times_s[first]) / 2
    end = clip_s[1] if last + 1 == len(cosines) else (times_s[last] + times_s[last + 1]) / 2
    return start, end
