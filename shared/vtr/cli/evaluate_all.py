"""``vtr evaluate all``: corpus, trainings, measurements and the page, whatever of it is missing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vtr.cli.evaluate_report import ResultsOption, bars_document, make_page, say_bars
from vtr.cli.learning import (
    FramesOption,
    SoundsOption,
    bad_input_as_usage,
    decoders,
    progress_bar,
    progress_bars,
)
from vtr.cli.options import JsonOption
from vtr.cli.output import Output

if TYPE_CHECKING:
    from vtr.evaluation.corpus.read import Corpus

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def everything(
    corpus: Annotated[Path, typer.Option(help="Directory of the corpus; made if missing.")] = Path(
        "data/corpus"
    ),
    runs: Annotated[Path, typer.Option(help="Directory of the runs: seed0, seed1, ...")] = Path("data/runs"),
    out: ResultsOption = Path("docs/reference/results.md"),
    seed: Annotated[list[int] | None, typer.Option(help="Several times; default: 0, 1 and 2.")] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Train and measure this method alone; several times.")
    ] = None,
    steps: Annotated[
        list[str] | None,
        typer.Option(help="METHOD=STEPS: train it for so many, if it was trained for another number."),
    ] = None,
    videos: Annotated[int, typer.Option(min=1, help="Of a corpus that is made.")] = 5000,
    features: FramesOption = None,
    sounds: SoundsOption = None,
    training: Annotated[
        bool, typer.Option("--train/--no-train", help="Without: measure what is there.")
    ] = True,
    workers: Annotated[int, typer.Option(min=1, help="Seeds at once, one thread each.")] = CORES,
    as_json: JsonOption = False,
) -> None:
    """Make the corpus, train every method with every seed, measure, and write the results page.

    What is there already is kept: a method whose card names the same corpus, seed and dual encoder is not
    trained again, and a training that was stopped goes on.

    Example:

      vtr evaluate all --corpus data/corpus --runs data/runs
    """
    output = Output(as_json)
    with bad_input_as_usage():
        from vtr.evaluation.processes import in_processes
        from vtr.models.runs.methods import AUDIO, METHODS, chosen_methods
        from vtr.models.runs.seed import Seed, expected_minutes, run_seed
        from vtr.models.runs.training import frames_of, sounds_of

        read = decoders()
        methods, counts = chosen_methods(only) if only else METHODS, _steps(steps or [])
        opened = _corpus(corpus, videos, workers, output)
        seeds = [
            Seed(
                seed=each,
                run=runs / f"seed{each}",
                corpus=corpus,
                decode=read,
                methods=methods,
                steps=counts,
                frames=features,
                sounds=sounds,
                training=training,
            )
            for each in (seed or [0, 1, 2])
        ]
        missing = {each.seed: each.missing(opened) for each in seeds}
        for number, of_seed in missing.items():
            for method, reason in of_seed.items():
                output.note(f"seed {number}: {method} is trained: {reason}")
        output.note(f"this takes about {expected_minutes(missing, workers):.0f} min with {workers} workers")
        with progress_bar(output, "corpus") as progress:
            frames_of(opened, read, features, workers=workers, progress=progress)
            if AUDIO in methods:
                sounds_of(opened, read, sounds, workers=workers, progress=progress)
        with progress_bars(output, [f"seed {each.seed}" for each in seeds]) as tell:
            in_processes(run_seed, seeds, workers=workers, progress=tell)
        judged = make_page(out, [each.run for each in seeds], [])
    say_bars(output, judged)
    output.say(f"written: {out}")
    output.document({"out": str(out), "bars": bars_document(judged)})


def _corpus(root: Path, videos: int, workers: int, output: Output) -> Corpus:
    """The corpus in ``root``, made first where there is none."""
    from vtr.evaluation.corpus.make import make
    from vtr.evaluation.corpus.read import MANIFEST, open_corpus
    from vtr.evaluation.corpus.record import Options
    from vtr.evaluation.corpus.speech import speech_available

    if not (root / MANIFEST).exists():
        output.note(f"{root}: no corpus there; {videos} videos are made")
        done = 0
        with progress_bar(output, "corpus") as progress:

            def advance(count: int, _rendered: int) -> None:
                nonlocal done
                done += count
                progress(done / videos, f"{done} of {videos} videos")

            options = Options(videos=videos, seed=0, speech=speech_available())
            make(options, root, workers=workers, progress=advance)
    return open_corpus(root)


def _steps(given: list[str]) -> dict[str, int]:
    """``METHOD=STEPS`` as given on the command line."""
    found = {}
    for each in given:
        method, _, steps = each.partition("=")
        if not steps.isdigit() or int(steps) < 1:
            raise ValueError(f"--steps: {each!r} is not METHOD=STEPS")
        found[method] = int(steps)
    return found
