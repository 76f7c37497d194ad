"""Videos on their way to being searchable: live on a terminal, line by line anywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from vtr.cli.clock import age
from vtr.cli.output import Output, plain
from vtr.cli.tracking import STAGES, Progress, Tracker, percentiles

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

LIVE_ROWS = 12
"""Videos shown at once; the others are counted."""

REFRESH_PER_SECOND = 5
_STYLES = {
    "searchable": "green",
    "failed": "red",
    "replaced": "yellow",
    "deleted": "yellow",
    "waiting": "dim",
}


class ProgressView:
    """Shows a tracker on stderr. :meth:`changed` is the tracker's callback."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._live = output.err.is_terminal

    @contextmanager
    def following(self, tracker: Tracker) -> Iterator[None]:
        """Keep a table of ``tracker`` on the terminal, if there is one, while the block runs."""
        if not self._live:
            yield
            return
        from rich.live import Live

        with Live(
            console=self._output.err,
            get_renderable=lambda: live_table(tracker.videos()),
            refresh_per_second=REFRESH_PER_SECOND,
            transient=True,
        ):
            yield

    def changed(self, progress: Progress) -> None:
        """A submission got further: without a terminal, that is a line."""
        if not self._live:
            self._output.note(line(progress), _STYLES[progress.outcome])


def line(progress: Progress) -> str:
    """One submission in one line: what it is called, how far it is, and how long that took."""
    name = progress.title or progress.uri
    if progress.outcome == "searchable":
        took = progress.upload_to_searchable_s
        within = "" if took is None else f" {took:.1f} s after upload"
        return f"{name}: searchable{within} ({progress.clips or 0} clips)"
    if progress.outcome == "waiting":
        return f"{name}: {progress.stage or 'published'}"
    return f"{name}: {progress.outcome}: {progress.reason}"


def live_table(videos: list[Progress]) -> RenderableType:
    """The videos under way, the latest last, and how many there are of each kind."""
    from rich.table import Table

    now = datetime.now(UTC)
    table = Table(box=None, padding=(0, 1), show_header=True, header_style="dim")
    table.add_column("video", overflow="ellipsis", no_wrap=True, max_width=40)
    for stage in STAGES:
        table.add_column(stage, justify="center", no_wrap=True)
    table.add_column("", justify="right", no_wrap=True)
    shown = videos if len(videos) <= LIVE_ROWS else [v for v in videos if v.outcome == "waiting"][:LIVE_ROWS]
    for progress in shown:
        table.add_row(
            plain(progress.title or progress.uri),
            *(_mark(progress, stage) for stage in STAGES),
            _time(progress, now),
        )
    counts = {outcome: sum(video.outcome == outcome for video in videos) for outcome in _STYLES}
    said = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
    table.caption = plain(f"{len(videos)} published: {said}" if videos else "publishing", "dim")
    return table


def _mark(progress: Progress, stage: str) -> RenderableType:
    if progress.outcome in {"failed", "replaced", "deleted"}:
        return plain("✗", "red")
    reached = progress.stage is not None and STAGES.index(progress.stage) >= STAGES.index(stage)
    return plain("●", "green") if reached else plain("·", "dim")


def _time(progress: Progress, now: datetime) -> RenderableType:
    if progress.upload_to_searchable_s is not None:
        return plain(f"{progress.upload_to_searchable_s:.1f} s", "bold green")
    if progress.outcome != "waiting":
        return plain(progress.outcome, "red")
    return plain(age((now - progress.submitted_at).total_seconds()), "dim")


def final_table(videos: list[Progress]) -> Table:
    """How each submission ended, with the time from upload to searchable."""
    from rich.table import Table

    table = Table()
    table.add_column("video_id", no_wrap=True)
    table.add_column("title", overflow="fold", ratio=1)
    table.add_column("state", no_wrap=True)
    table.add_column("clips", justify="right", no_wrap=True)
    table.add_column("seconds to\nsearchable", justify="right", no_wrap=True)
    for video in videos:
        took = video.upload_to_searchable_s
        state = video.outcome if video.outcome != "waiting" else (video.stage or "not received")
        table.add_row(
            plain(video.video_id),
            plain(video.title),
            plain(state, _STYLES[video.outcome]),
            "" if video.clips is None else str(video.clips),
            "" if took is None else f"{took:.1f}",
        )
    return table


def remarks(videos: list[Progress]) -> list[tuple[str, str]]:
    """What there is to say about single videos, each with a style: why one failed, what is odd about one."""
    lines = []
    for video in videos:
        name = video.title or video.uri
        if video.reason:
            lines.append((f"{name}: {video.outcome}: {video.reason}", _STYLES[video.outcome]))
        lines += [(f"{name}: {note}", "yellow") for note in video.notes]
    return lines


def summary(videos: list[Progress], seconds: float) -> str:
    """One line: how many became searchable within ``seconds`` of the command, and how fast each was."""
    took = [v.upload_to_searchable_s for v in videos if v.upload_to_searchable_s is not None]
    searchable = sum(video.outcome == "searchable" for video in videos)
    text = f"{searchable} of {len(videos)} searchable in {seconds:.1f} s"
    if (stats := percentiles(took)) is not None:
        text += f"; upload to searchable p50 {stats['p50']:.1f} s, p95 {stats['p95']:.1f} s"
    return text
