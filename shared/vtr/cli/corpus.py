"""``vtr corpus``: a generated corpus of videos to train and measure on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vtr.cli.errors import usage_error
from vtr.cli.options import JsonOption
from vtr.cli.output import Output, make_console
from vtr.cli.triplets import triplets


def make_group() -> typer.Typer:
    """The commands under ``vtr corpus``."""
    group = typer.Typer(
        help="A generated corpus of videos, with all that is true about them.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.callback()(_group)
    group.command()(make)
    group.command()(triplets)
    return group


def _group() -> None:
    """A generated corpus of videos, with all that is true about them."""


def make(
    out: Annotated[Path, typer.Option(help="Directory of the corpus; made if missing.", show_default=False)],
    videos: Annotated[int, typer.Option(min=1, help="How many videos, edits included.")] = 5000,
    seed: Annotated[int, typer.Option(help="Fixes everything.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the work.")] = 2,
    side: Annotated[int, typer.Option(min=64, max=1024, help="Width and height in pixels, even.")] = 128,
    fps: Annotated[int, typer.Option(min=8, max=30, help="Frames a second.")] = 10,
    max_events: Annotated[int, typer.Option(min=1, max=6, help="Most events in a video.")] = 4,
    speech: Annotated[
        bool | None,
        typer.Option("--speech/--no-speech", help="Spoken words; default: where espeak-ng is installed."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make, finish or repair a corpus: the same seed gives the same videos, captions, edits and splits.

    A run that was stopped is continued; files that are missing or damaged are made again.

    Example:

      vtr corpus make --videos 5000 --seed 0 --out data/corpus
    """
    from time import monotonic

    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from vtr.evaluation.corpus.make import CorpusMismatchError
    from vtr.evaluation.corpus.make import make as make_corpus
    from vtr.evaluation.corpus.record import Options
    from vtr.evaluation.corpus.sample import SceneOptions
    from vtr.evaluation.corpus.speech import speech_available

    output = Output(as_json)
    if speech and not speech_available():
        raise usage_error("espeak-ng is not installed", "Install it, or leave --speech away.")
    if speech is None:
        speech = speech_available()
        if not speech:
            output.note("espeak-ng is not installed: the videos have no spoken words.", "yellow")
    try:
        options = Options(
            videos=videos,
            seed=seed,
            side=side,
            speech=speech,
            scenes=SceneOptions(max_events=max_events, fps=fps),
        )
    except ValueError as error:
        raise usage_error(str(error)) from error
    started = monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=make_console(stderr=True), disable=as_json) as bar:
        task = bar.add_task("videos", total=videos)
        try:
            made = make_corpus(
                options, out, workers=workers, progress=lambda count, _: bar.advance(task, count)
            )
        except CorpusMismatchError as error:
            raise usage_error(str(error), "Choose another --out, or the options it was made with.") from error
    took = monotonic() - started
    output.say(
        f"{made.rendered} videos made, {made.kept} kept, in {took:.1f} s "
        f"({videos / max(took, 1e-9):.1f} a second): {out}"
    )
    output.document({"out": str(out), "rendered": made.rendered, "kept": made.kept, "took_s": round(took, 3),
                     "manifest": made.manifest})  # fmt: skip
