"""The heat of a clip's regions as one frame's picture of it."""

from __future__ import annotations

from ranking.frames import Localised
from vtr.contracts.events.results import HeatMap
from vtr.models.heads.serving.protocol import Heat
from vtr.vectors.store import ClipRow


def heat_map(row: ClipRow, heat: Heat, localised: Localised | None) -> HeatMap:
    """Of the frame nearest in time to the best one; where none is known, of that with the hottest cell."""
    if localised is not None:
        frame = int(abs(heat.times_s - localised.frame.time_s).argmin())
    else:
        frame = int(heat.values.max(axis=(1, 2)).argmax())
    time_s = float(heat.times_s[frame])
    index = min(range(len(row.frame_times_s)), key=lambda i: abs(row.frame_times_s[i] - time_s))
    cells = heat.values[frame]
    peak = float(cells.max())
    return HeatMap(
        index=index,
        time_s=row.frame_times_s[index],
        rows=cells.shape[0],
        columns=cells.shape[1],
        values=tuple(round(float(cell) / peak, 3) if peak > 0 else 0.0 for cell in cells.ravel()),
        share=min(1.0, round(float(cells.sum() / heat.values.sum()), 4)),
    )
