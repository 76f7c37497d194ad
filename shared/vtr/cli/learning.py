"""What ``vtr train`` and ``vtr evaluate`` share: options, progress bars, how bad input is told."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vtr.cli.errors import usage_error
from vtr.cli.output import Output, make_console

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vtr.models.runs.training import Decoders

CorpusOption = Annotated[Path, typer.Option("--corpus", help="Directory of the corpus.", show_default=False)]
OutOption = Annotated[
    Path, typer.Option("--out", help="Directory of the checkpoint and logs.", show_default=False)
]
SeedOption = Annotated[int, typer.Option(help="Fixes weights, batches and augmentation.")]
StepsOption = Annotated[
    int | None, typer.Option(min=1, help="Batches to train on; default: the method's own number.")
]
MinutesOption = Annotated[
    float | None, typer.Option(help="Be over by then; such a run does not repeat exactly.")
]
FramesOption = Annotated[
    Path | None,
    typer.Option("--features", help="Directory of the small frames; default: beside the corpus."),
]
SoundsOption = Annotated[
    Path | None, typer.Option("--sounds", help="Directory of the log-mels; default: beside the corpus.")
]
StatesOption = Annotated[
    Path | None, typer.Option(help="Directory of the dual encoder's states; default: beside --base.")
]
ThreadsOption = Annotated[int, typer.Option(min=1, help="CPU threads.")]
ResumeOption = Annotated[bool, typer.Option("--resume", help="Go on where a run in --out stopped.")]


def decoders() -> Decoders:
    """What reads the videos of a corpus."""
    from vtr.media.soundtrack import soundtrack
    from vtr.media.thumbs import small_frames
    from vtr.models.runs.training import Decoders

    return Decoders(small_frames, soundtrack)


@contextmanager
def progress_bar(output: Output, first: str) -> Iterator[Callable[[float, str], None]]:
    """A bar on stderr that is told a share from 0 to 1 and a text."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=make_console(stderr=True), disable=output.as_json) as bar:
        task = bar.add_task(first, total=1.0)
        yield lambda share, text: bar.update(task, completed=share, description=f"{first}: {text}")


@contextmanager
def progress_bars(output: Output, names: Sequence[str]) -> Iterator[Callable[[int, float, str], None]]:
    """As :func:`progress_bar`, a bar for each of ``names``, told by its place."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=make_console(stderr=True), disable=output.as_json) as bar:
        tasks = [bar.add_task(name, total=1.0) for name in names]
        yield lambda place, share, text: bar.update(
            tasks[place], completed=share, description=f"{names[place]}: {text}"
        )


@contextmanager
def bad_input_as_usage() -> Iterator[None]:
    """Errors of corpora, features, checkpoints and training are ``ValueError``: what was given is wrong."""
    try:
        yield
    except ValueError as error:
        raise usage_error(str(error)) from error
