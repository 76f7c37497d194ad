"""A ranked answer as a table, with everything that limits it said plainly."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from vtr.cli.clock import age, timecode
from vtr.cli.output import Output, plain

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from vtr.contracts.events.results import HeadPart, HeadUsed, HeatMap, Hit, ResultsRanked

TRANSCRIPT_CHARS = 80


def show_results(results: ResultsRanked, output: Output, *, explain: bool = False) -> None:
    """The hits of ``results``, then what they rest on; with ``explain``, each head's part in each hit."""
    if results.hits:
        output.show(hits_table(results))
        for line in explanation(results) if explain else []:
            output.say(line)
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


def head_line(head: HeadUsed) -> str:
    """A head that took part, with what it told of the whole query."""
    told = "".join(f", {name} {value:.2f}" for name, value in head.details.items())
    return f"head {head.head} {head.version}: {head.candidates} clips{told}"


def explanation(results: ResultsRanked) -> list[str]:
    """What heads made of each hit, a line a head."""
    if not any(hit.heads or hit.heat or hit.manner for hit in results.hits):
        return ["No head took part in this answer."]
    lines = []
    for hit in results.hits:
        lines.append(f"#{hit.rank} {hit.title or hit.video_id}")
        lines += [f"   {part_line(part)}" for part in hit.heads]
        if hit.moments:
            spans = (f"{timecode(m.start_s)}-{timecode(m.end_s)} ({m.score:.0%})" for m in hit.moments)
            lines.append(f"   moments: {', '.join(spans)}")
        if hit.manner is not None:
            m = hit.manner
            lines.append(
                f"   {m.action} {m.adverb} {m.score:+.2f} against {m.antonym} {m.antonym_score:+.2f}"
            )
        if hit.heat is not None:
            lines += [
                f"   heat at {timecode(hit.heat.time_s)}:",
                *(f"   {row}" for row in heat_rows(hit.heat)),
            ]
    return lines


def part_line(part: HeadPart) -> str:
    """A head's part in a hit: ``camoe 0.31 x 0.5 = +0.155 (action 60 %, entity 40 %)``."""
    counted = f" x {part.weight:g} = {part.weight * part.score:+.3f}" if part.weight else ", explains only"
    gates = ", ".join(f"{name} {gate:.0%}" for name, gate in part.gates.items() if gate >= 0.005)
    return f"{part.head} {part.score:.3f}{counted}{f' ({gates})' if gates else ''}"


def heat_rows(heat: HeatMap) -> list[str]:
    """The map in characters, the darker the hotter."""
    shades = " .:-=+*#%@"
    cells = [shades[min(len(shades) - 1, int(value * len(shades)))] * 2 for value in heat.values]
    return ["".join(cells[start : start + heat.columns]) for start in range(0, len(cells), heat.columns)]


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
    lines += [(head_line(head), "dim") for head in results.heads]
    took = "  ".join(f"{stage} {spent:.1f}" for stage, spent in results.took_ms.items()) or "not told"
    lines.append((f"{results.candidates} candidates, model {results.model}, took ms: {took}", "dim"))
    return lines
