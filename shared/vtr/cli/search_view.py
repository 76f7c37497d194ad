"""A ranked answer as a table, with everything that limits it said plainly."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from vtr.cli.clock import age, timecode
from vtr.cli.output import Output, plain

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from vtr.contracts.events.results import Hit, ResultsRanked

TRANSCRIPT_CHARS = 80


def show_results(results: ResultsRanked, output: Output) -> None:
    """The hits of ``results``, then what they rest on."""
    if results.hits:
        output.show(hits_table(results))
    else:
        output.say(why_empty(results), "yellow")
    for line, style in footer(results):
        output.say(line, style)


def why_empty(results: ResultsRanked) -> str:
    """Why there are no hits, as far as the answer tells."""
    # The watermark alone does not tell: with no video submitted it moves on with the clock.
    nothing = results.watermark is None or any(stage.stage == "index" for stage in results.skipped)
    if nothing and results.candidates == 0 and not results.degraded:
        return "Nothing is indexed yet, so nothing can be found. Publish a video: vtr publish FILE"
    if results.degraded:
        return "No hits, but the answer is degraded: see below what was skipped."
    if results.candidates == 0:
        return "No clip passes the filters."
    return "No hits."


def hits_table(results: ResultsRanked) -> Table:
    from rich.table import Table

    title = f"“{results.text}”" if results.text else "similar clips"
    table = Table(title=plain(title, "bold"), title_justify="left", expand=False)
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("video", overflow="fold", ratio=1)
    table.add_column("moment", no_wrap=True)
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("cosine (share)", no_wrap=True)
    for hit in results.hits:
        table.add_row(
            str(hit.rank),
            plain(hit.title or hit.video_id, "bold").append_text(_below(hit)),
            f"{timecode(hit.moment.start_s)}–{timecode(hit.moment.end_s)}",  # noqa: RUF001
            f"{hit.score:.4f}",
            plain(shares(hit)),
        )
    return table


def shares(hit: Hit) -> str:
    """Each modality with its cosine and its share of the score: ``visual 0.31 (80 %)``."""
    return "  ".join(f"{part.modality} {part.cosine:.3f} ({part.share:.0%})" for part in hit.shares)


def _below(hit: Hit) -> Text:
    parts = [hit.video_id] if hit.title else []
    if hit.other_clips:
        parts.append(f"+{len(hit.other_clips)} more clips")
    if hit.transcript:
        transcript = hit.transcript.strip()
        cut = transcript[:TRANSCRIPT_CHARS] + ("…" if len(transcript) > TRANSCRIPT_CHARS else "")
        parts.append(f"“{cut}”")
    return plain("".join(f"  {part}" for part in parts), "dim")


def footer(results: ResultsRanked) -> list[tuple[str, str]]:
    """Lines on what the answer rests on, each with a style."""
    lines: list[tuple[str, str]] = []
    if results.degraded:
        lines.append(("This answer is DEGRADED: a skipped stage may have changed the hits.", "bold yellow"))
    lines += [(f"skipped {stage.stage}: {stage.reason}", "yellow") for stage in results.skipped]
    if results.watermark is not None:
        behind = age(max(0.0, (datetime.now(UTC) - results.watermark).total_seconds()))
        when = results.watermark.astimezone(UTC).isoformat(timespec="seconds")
        lines.append(
            (f"watermark {when}: everything submitted before it was searchable ({behind} ago)", "dim")
        )
    took = "  ".join(f"{stage} {spent:.1f}" for stage, spent in results.took_ms.items()) or "not told"
    lines.append((f"{results.candidates} candidates, model {results.model}, took ms: {took}", "dim"))
    return lines
