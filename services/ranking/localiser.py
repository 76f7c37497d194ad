"""Best frames and moments of the clips that will be shown, as far as the budget goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ranking.frames import FrameVectors, Localised, localise
from ranking.stages import Stages
from vtr.contracts.events.results import Moment
from vtr.contracts.step import Unavailable
from vtr.vectors.arrays import FloatArray
from vtr.vectors.store import ClipRow


class Localiser:
    """Thread safe. ``fraction``: of the best frame's cosine, what the frames of its moment reach."""

    def __init__(self, frames: FrameVectors, *, fraction: float) -> None:
        self._frames = frames
        self._fraction = fraction

    def localise(
        self,
        rows: Sequence[ClipRow],
        query: FloatArray | None,
        stages: Stages,
        within: Mapping[str, Moment],
    ) -> dict[str, Localised]:
        """Best frame and moment by clip id, nearest to ``query`` [D]; gaps are noted in ``stages``.

        ``within``: moments that are known otherwise; the best frame is then one of theirs.
        """
        found: dict[str, Localised] = {}
        if not rows:
            return found
        if query is None:
            stages.skip("frames", "the query has no visual vector", degrades=False)
            return found
        faults: dict[str, int] = {}
        with stages.measure("frames"):
            for done, row in enumerate(rows):
                if stages.left_ms() <= 0:
                    stages.skip("frames", f"out of time after {done} of {len(rows)} hits", degrades=False)
                    break
                try:
                    if row.frame_vectors_uri is None:
                        raise FileNotFoundError("no frame vectors")  # noqa: TRY301  (counted below, as one)
                    frames = self._frames.load(row.frame_vectors_uri)
                    found[row.clip_id] = localise(
                        row, frames, query, self._fraction, within=within.get(row.clip_id)
                    )
                except FileNotFoundError:
                    faults["without frame vectors"] = faults.get("without frame vectors", 0) + 1
                except ValueError as error:
                    faults[str(error)] = faults.get(str(error), 0) + 1
                except Unavailable as error:
                    stages.skip("frames", str(error), degrades=False)
                    break
        for reason, hits in faults.items():
            stages.skip("frames", f"{hits} of {len(rows)} hits: {reason}", degrades=False)
        return found
