"""``vtr corpus triplets``: composed triplets from any captioned corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vtr.cli.errors import usage_error
from vtr.cli.options import JsonOption
from vtr.cli.output import Output


def triplets(
    captions: Annotated[
        Path,
        typer.Argument(
            help="Captions: id, tab, caption a line; .csv with columns id and caption; or .jsonl."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Where the triplets go, JSON lines.", show_default=False)],
    max_words: Annotated[int, typer.Option(min=1, help="Most words that may differ.")] = 3,
    per_video: Annotated[int, typer.Option(min=1, help="Most triplets of one example video.")] = 4,
    per_change: Annotated[int, typer.Option(min=1, help='Most triplets of one change ("red", "blue").')] = 50,
    seed: Annotated[int, typer.Option(help="Picks among ways to ask for a change.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Pair videos whose captions differ by one phrase, and write what a person would say to get the other.

    Example:

      vtr corpus triplets captions.tsv --out triplets.jsonl
    """
    from collections import Counter

    from vtr.models.heads.covr.captions_file import read_captions
    from vtr.models.heads.covr.mining import MiningOptions, mine_triplets
    from vtr.models.heads.covr.triplets import write_triplets

    output = Output(as_json)
    options = MiningOptions(
        max_words=max_words, per_reference=per_video, per_change=per_change, seed=str(seed)
    )
    try:
        found = mine_triplets(read_captions(captions), options)
    except (OSError, ValueError) as error:
        raise usage_error(str(error)) from error
    if not found:
        raise usage_error(
            f"{captions}: no two videos have captions that differ by one phrase of up to {max_words} words",
            "Allow more with --max-words, or give more captions.",
        )
    write_triplets(out, found)
    kinds = dict(Counter(triplet.factor for triplet in found).most_common())
    output.say(f"{len(found)} triplets ({', '.join(f'{n} {kind}' for kind, n in kinds.items())}): {out}")
    output.document({"out": str(out), "triplets": len(found), "kinds": kinds})
