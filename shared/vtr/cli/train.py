"""``vtr train``: trains a retrieval method on a captioned corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vtr.cli.errors import usage_error
from vtr.cli.options import JsonOption
from vtr.cli.output import Output, make_console


def make_group() -> typer.Typer:
    """The commands under ``vtr train``."""
    group = typer.Typer(
        help="Train a retrieval method on a corpus.", no_args_is_help=True, rich_markup_mode=None
    )
    group.callback()(_group)
    group.command()(dual)
    return group


def _group() -> None:
    """Train a retrieval method on a corpus."""


def dual(
    corpus: Annotated[Path, typer.Option(help="Directory of the corpus.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Directory of the checkpoint and logs.", show_default=False)],
    seed: Annotated[int, typer.Option(help="Fixes weights, batches and augmentation.")] = 0,
    steps: Annotated[int, typer.Option(min=1, help="Batches to train on.")] = 900,
    minutes: Annotated[
        float | None, typer.Option(help="Be over by then; such a run does not repeat exactly.")
    ] = None,
    batch: Annotated[int, typer.Option(min=2, help="Videos in a batch, even: half are edits.")] = 64,
    chunk: Annotated[
        int | None, typer.Option(min=1, help="Videos at once, with gradient caching; default: the batch.")
    ] = None,
    features: Annotated[
        Path | None, typer.Option(help="Directory of the small frames; default: beside the corpus.")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 1,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a run in --out stopped.")] = False,
    test: Annotated[
        bool, typer.Option("--test/--no-test", help="Measure the test splits at the end.")
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Train the dual encoder: weights chosen on the validation split, the test splits measured once.

    Example:

      vtr train dual --corpus data/corpus --out data/dual --seed 0 --minutes 8
    """
    import torch
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from vtr.evaluation.corpus.read import CorpusError, open_corpus
    from vtr.media.thumbs import small_frames
    from vtr.models.dual.train import train_dual
    from vtr.models.training.corpus_frames import corpus_frames
    from vtr.models.training.features import FeatureError
    from vtr.models.training.loop import TrainingError
    from vtr.models.training.options import TrainOptions

    output = Output(as_json)
    torch.set_num_threads(threads)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    command = f"vtr train dual --corpus CORPUS --out OUT --seed {seed} --steps {steps} --batch {batch}"
    command += f" --minutes {minutes:g}" if minutes is not None else ""
    command += " --resume" if resume else ""
    command += f" --chunk {chunk}" if chunk is not None else ""
    try:
        options = TrainOptions(seed=seed, steps=steps, minutes=minutes)
        opened = open_corpus(corpus)
        with Progress(*columns, console=make_console(stderr=True), disable=as_json) as bar:
            frames = bar.add_task("small frames", total=opened.manifest.options.videos)
            store = corpus_frames(
                opened,
                features or corpus.with_name(f"{corpus.name}-frames48"),
                small_frames,
                workers=threads,
                progress=lambda count: bar.advance(frames, count),
            )
            task = bar.add_task("training", total=steps)
            card = train_dual(
                opened,
                store,
                out,
                options=options,
                batch=batch,
                chunk=chunk,
                resume=resume,
                test=test,
                command=command,
                progress=lambda share, text: bar.update(
                    task, completed=round(share * steps), description=text
                ),
            )
    except (CorpusError, FeatureError, TrainingError, ValueError) as error:
        raise usage_error(str(error)) from error
    for split, metrics in card.metrics.items():
        if isinstance(metrics, dict):
            output.say(f"{split}: " + ", ".join(f"{name} {value:.1f}" for name, value in metrics.items()))
    output.document({"out": str(out), "parameters": card.parameters, "metrics": card.metrics})
