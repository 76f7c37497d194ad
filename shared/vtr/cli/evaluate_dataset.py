"""``vtr evaluate msrvtt`` and so on: an encoder on a published data set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from vtr.cli.learning import bad_input_as_usage, progress_bar
from vtr.cli.options import JsonOption
from vtr.cli.output import Output


@dataclass(frozen=True)
class Published:
    """A command: what its data set is called, what is measured, on which split by default."""

    what: str
    split: str = "test"
    frames: int = 12


DATASETS = {
    "msrvtt": Published("MSR-VTT, 1k-A split: text to video and video to text"),
    "msvd": Published("MSVD: text to video and video to text"),
    "didemo": Published("DiDeMo: paragraphs to videos, and moments", frames=12),
    "qvhighlights": Published("QVHighlights: moments (of its test split they are not published)", "val", 32),
    "tacos": Published("TACoS: moments", frames=64),
    "webvid-covr": Published("WebVid-CoVR: composed retrieval by the sum of example and text"),
}


def add_datasets(group: typer.Typer) -> None:
    """Adds the command of each published data set."""
    for name, published in DATASETS.items():
        group.command(name)(_command(name, published))
    group.command("adverbs")(adverbs)


RootOption = Annotated[
    Path, typer.Option(help="Directory of the set's published files and videos.", show_default=False)
]
EncoderOption = Annotated[
    str,
    typer.Option(envvar="VTR_ENCODER", help="As for the services: hf:<id or path>, trained:<folder>, ..."),
]
RowsOption = Annotated[
    Path | None, typer.Option("--out", help="Where the rows go, JSON lines, for `vtr evaluate report`.")
]
SkipOption = Annotated[
    bool, typer.Option("--skip-missing", help="Measure with the videos that are there; the gallery shrinks.")
]


def _command(name: str, published: Published) -> Callable[..., None]:
    def command(
        root: RootOption,
        encoder: EncoderOption = "offline",
        split: Annotated[str, typer.Option(help="Of the data set.")] = published.split,
        frames: Annotated[
            int, typer.Option(min=1, help="Frames of each video, evenly spread.")
        ] = published.frames,
        out: RowsOption = None,
        skip_missing: SkipOption = False,
        as_json: JsonOption = False,
    ) -> None:
        _measure(name, root, encoder, split=split, frames=frames, out=out, skip_missing=skip_missing,
                 output=Output(as_json))  # fmt: skip

    command.__doc__ = f"""Measure an encoder on {published.what}.

    Example:

      vtr evaluate {name} --root DIR --encoder hf:DIR
    """
    return command


def adverbs(
    root: RootOption,
    name: Annotated[
        str,
        typer.Option(
            "--set", help="howto100m-adverbs, air, activitynet-adverbs, msrvtt-adverbs, vatex-adverbs."
        ),
    ],
    encoder: EncoderOption = "offline",
    split: Annotated[str, typer.Option(help="Of the data set.")] = "test",
    frames: Annotated[int, typer.Option(min=1, help="Frames of each clip, evenly spread.")] = 12,
    out: RowsOption = None,
    skip_missing: SkipOption = False,
    as_json: JsonOption = False,
) -> None:
    """Measure an encoder on a set of adverbs: how actions are done, with the action given and not.

    Example:

      vtr evaluate adverbs --set air --root DIR --encoder hf:DIR
    """
    _measure(name, root, encoder, split=split, frames=frames, out=out, skip_missing=skip_missing,
             output=Output(as_json))  # fmt: skip


def _measure(
    name: str,
    root: Path,
    encoder: str,
    *,
    split: str,
    frames: int,
    out: Path | None,
    skip_missing: bool,
    output: Output,
) -> None:
    with bad_input_as_usage():
        from vtr.evaluation.datasets.registry import open_dataset
        from vtr.evaluation.metrics.rows import write_rows
        from vtr.evaluation.report.results import render
        from vtr.media.sample import sample_frames
        from vtr.models.benchmarks.measure import measure_encoder
        from vtr.models.benchmarks.task import Asked
        from vtr.models.encoders.registry import EncoderOptions, load_encoder

        dataset = open_dataset(name, root)
        loaded = load_encoder(encoder, options=EncoderOptions())
        try:
            with progress_bar(output, dataset.name) as progress:
                asked = Asked(loaded, sample_frames, split, frames, skip_missing, progress)
                rows = measure_encoder(dataset, asked)
        finally:
            loaded.close()
    if out is not None:
        write_rows(out, rows)
    for line in render(rows, page=Path("results.md"), title=dataset.name).splitlines():
        output.say(line)
    output.document(rows)
