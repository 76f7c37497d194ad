"""``vtr evaluate``: measures what was trained, and encoders on published data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vtr.cli.evaluate_all import everything
from vtr.cli.evaluate_dataset import add_datasets
from vtr.cli.evaluate_report import report
from vtr.cli.learning import (
    CorpusOption,
    FramesOption,
    SoundsOption,
    bad_input_as_usage,
    decoders,
    progress_bar,
    progress_bars,
)
from vtr.cli.options import JsonOption
from vtr.cli.output import Output

RunsOption = Annotated[
    list[Path],
    typer.Option(
        "--run", help="Directory of one seed: dual/ and heads beside it. Several times.", show_default=False
    ),
]


def make_group() -> typer.Typer:
    """The commands under ``vtr evaluate``."""
    group = typer.Typer(
        help="Measure what was trained, and encoders on published data sets.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.callback()(_group)
    group.command()(generated)
    group.command()(report)
    group.command("all")(everything)
    add_datasets(group)
    return group


def _group() -> None:
    """Measure what was trained, and encoders on published data sets."""


def generated(
    corpus: CorpusOption,
    run: RunsOption,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Measure this method alone; several times. The rows of others stay."),
    ] = None,
    split: Annotated[
        list[str] | None, typer.Option(help="Default: test and test-heldout-composition.")
    ] = None,
    features: FramesOption = None,
    sounds: SoundsOption = None,
    workers: Annotated[int, typer.Option(min=1, help="Runs measured at once, one thread each.")] = 2,
    as_json: JsonOption = False,
) -> None:
    """Measure every method of the runs on a generated corpus; rows are written beside each checkpoint.

    Example:

      vtr evaluate generated --corpus data/corpus --run data/runs/seed0 --run data/runs/seed1
    """
    output = Output(as_json)
    with bad_input_as_usage():
        from vtr.evaluation.processes import in_processes
        from vtr.models.dual.train import TEST_SPLITS
        from vtr.models.runs.evaluation import Measuring, measure, ready
        from vtr.models.runs.methods import chosen_methods

        methods = chosen_methods(only) if only else None
        jobs = [
            Measuring(
                run=each,
                corpus=corpus,
                decode=decoders(),
                methods=methods,
                splits=tuple(split) if split else TEST_SPLITS,
                frames=features,
                sounds=sounds,
            )
            for each in run
        ]
        with progress_bar(output, "corpus") as progress:
            ready(jobs, workers, progress)
        with progress_bars(output, [each.name for each in run]) as tell:
            found = in_processes(measure, jobs, workers=workers, progress=tell)
    for each, rows in zip(run, found, strict=True):
        for method, of_method in rows.items():
            output.say(f"{each}: {method}, {len(of_method)} rows")
    output.document({str(each): rows for each, rows in zip(run, found, strict=True)})
