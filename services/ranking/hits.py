"""From groups of clips to the hits of the contract."""

from __future__ import annotations

from collections.abc import Mapping

from ranking.frames import Localised
from ranking.group import Group
from ranking.heat import heat_map
from ranking.query_heads import Told
from vtr.contracts.events.results import ClipHit, Hit, Moment
from vtr.vectors.entities import truncated

MAX_TRANSCRIPT_BYTES = 1000
"""Of a clip's transcript, what an answer quotes: 200 hits must fit into one record."""


def to_hit(rank: int, group: Group, localised: Mapping[str, Localised], told: Mapping[str, Told]) -> Hit:
    """The hit of ``group``.

    The moment is what a head found, else the run of frames around the best one, else (without frame vectors)
    the whole clip, scored by its cosine.
    """
    best, row = group.best, group.best.row
    found = localised.get(row.clip_id)
    heads = told.get(row.clip_id, Told())
    whole = Moment(start_s=row.t0_s, end_s=row.t1_s, score=best.cosine)
    by_frames = found.moment if found is not None else whole
    return Hit(
        rank=rank,
        video_id=row.video_id,
        clip_id=row.clip_id,
        score=best.score,
        t0_s=row.t0_s,
        t1_s=row.t1_s,
        moment=heads.moments[0] if heads.moments else by_frames,
        uri=row.uri,
        title=row.title,
        duration_s=row.duration_s,
        tags=row.tags,
        language=row.language,
        transcript=truncated(row.transcript, MAX_TRANSCRIPT_BYTES),
        best_frame=found.frame if found is not None else None,
        shares=best.shares,
        other_clips=tuple(
            ClipHit(clip_id=c.row.clip_id, t0_s=c.row.t0_s, t1_s=c.row.t1_s, score=c.score)
            for c in group.others
        ),
        heads=tuple(heads.parts.values()),
        moments=heads.moments,
        heat=heat_map(row, heads.heat, found) if heads.heat is not None else None,
        manner=heads.manner,
    )
