"""``vtr moments``: when in one video it happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vtr.cli.options import DataDirOption, JsonOption, TenantOption, TimeoutOption
from vtr.cli.output import Output, plain
from vtr.cli.search import HeadsOption, PathOption, QueryPath, ask, make_query, parse_heads

if TYPE_CHECKING:
    from rich.table import Table

    from vtr.contracts.events.results import Moment, ResultsRanked

_CLIPS = 200
"""The most clips of one video that are asked: as many hits as an answer holds."""


def moments(
    video_id: Annotated[str, typer.Argument(help="The indexed video.", show_default=False)],
    text: Annotated[str, typer.Argument(help="What happens in the moments.", show_default=False)],
    count: Annotated[int, typer.Option("-k", min=1, max=200, help="How many moments.")] = 5,
    heads: HeadsOption = "vlgnet",
    path: PathOption = QueryPath.HTTP,
    timeout: TimeoutOption = 30.0,
    tenant: TenantOption = "default",
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find when in a video something happens.

    The moment head (vlgnet) gives the moments where the model has one, with probabilities as scores; without,
    it is the best run of frames of each clip, with cosines.

    Examples:

      vtr moments 5f2e9c1b7a3d4e60 "the ball bounces"

      vtr moments 5f2e9c1b7a3d4e60 "the ball bounces" -k 1 --json
    """
    from vtr.cli.context import locate
    from vtr.cli.search_view import footer, why_empty

    output = Output(as_json)
    fields = {
        "text": text,
        "k": _CLIPS,
        "group_by": "clip",
        "modalities": ["visual"],
        "filters": {"video_ids": [video_id]},
        "heads": parse_heads(heads),
    }
    results = ask(locate(data_dir), make_query(fields, tenant), path, timeout)
    found = moments_of(results)[:count]
    if found:
        output.show(_table(text, found))
    else:
        output.say(why_empty(results), "yellow")
    for line, style in footer(results):
        output.say(line, style)
    output.document(
        {
            "video_id": video_id,
            "moments": [
                {"start_s": m.start_s, "end_s": m.end_s, "score": m.score, "by": by} for m, by in found
            ],
            "skipped": results.skipped,
            "degraded": results.degraded,
        }
    )


def moments_of(results: ResultsRanked) -> list[tuple[Moment, str]]:
    """All moments of the hits, best first, each with what found it: a head's before those of frames alone,
    since a probability and a cosine do not compare."""
    by_head = [(moment, "head") for hit in results.hits for moment in hit.moments]
    by_frames = [(hit.moment, "frames") for hit in results.hits if not hit.moments]
    return [
        *sorted(by_head, key=lambda found: -found[0].score),
        *sorted(by_frames, key=lambda found: -found[0].score),
    ]


def _table(text: str, found: list[tuple[Moment, str]]) -> Table:
    from rich.table import Table

    from vtr.cli.clock import timecode

    table = Table(title=plain(f"\u201c{text}\u201d", "bold"), title_justify="left")
    for heading in ("#", "moment", "score", "by"):
        table.add_column(heading, justify="right" if heading in ("#", "score") else "left", no_wrap=True)
    for number, (moment, by) in enumerate(found, start=1):
        span = f"{timecode(moment.start_s)}-{timecode(moment.end_s)}"
        table.add_row(str(number), span, f"{moment.score:.3f}", by)
    return table
