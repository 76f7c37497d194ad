"""``vtr train``: trains a retrieval method on a captioned corpus."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from vtr.cli.learning import (
    CorpusOption,
    FramesOption,
    MinutesOption,
    OutOption,
    ResumeOption,
    SeedOption,
    SoundsOption,
    StatesOption,
    StepsOption,
    ThreadsOption,
    bad_input_as_usage,
    decoders,
    progress_bar,
)
from vtr.cli.options import JsonOption
from vtr.cli.output import Output

HEADS = {
    "covr": "composed queries: an example video, changed as a text says",
    "vlgnet": "moments: the part of a video that a text describes",
    "camoe": "experts for scene, action and entities, with a memory",
    "regada": "regions that a text speaks of, and how a thing is done",
}
"""What each head that reads a dual encoder's states is for."""


def make_group() -> typer.Typer:
    """The commands under ``vtr train``."""
    group = typer.Typer(
        help="Train a retrieval method on a corpus.", no_args_is_help=True, rich_markup_mode=None
    )
    group.callback()(_group)
    group.command()(dual)
    for head, what in HEADS.items():
        group.command(head)(_head_command(head, what))
    group.command()(audio)
    return group


def _group() -> None:
    """Train a retrieval method on a corpus."""


def dual(
    corpus: CorpusOption,
    out: OutOption,
    seed: SeedOption = 0,
    steps: StepsOption = None,
    minutes: MinutesOption = None,
    batch: Annotated[int, typer.Option(min=2, help="Videos in a batch, even: half are edits.")] = 64,
    chunk: Annotated[
        int | None, typer.Option(min=1, help="Videos at once, with gradient caching; default: the batch.")
    ] = None,
    features: FramesOption = None,
    threads: ThreadsOption = 1,
    resume: ResumeOption = False,
    test: Annotated[
        bool, typer.Option("--test/--no-test", help="Measure the test splits at the end.")
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Train the dual encoder: weights chosen on the validation split, the test splits measured once.

    Example:

      vtr train dual --corpus data/corpus --out data/runs/seed0/dual --seed 0
    """
    given = {"--seed": seed, "--steps": steps, "--batch": batch, "--minutes": minutes, "--chunk": chunk}
    _train(
        "dual",
        given,
        as_json,
        corpus=corpus,
        out=out,
        frames=features,
        seed=seed,
        steps=steps,
        minutes=minutes,
        batch=batch,
        chunk=chunk,
        threads=threads,
        resume=resume,
        test=test,
    )


def _head_command(head: str, what: str) -> Callable[..., None]:
    """The command that trains ``head``: the same options for each."""

    def command(
        corpus: CorpusOption,
        base: Annotated[
            Path, typer.Option(help="Directory of the dual encoder that it reads.", show_default=False)
        ],
        out: OutOption,
        seed: SeedOption = 0,
        steps: StepsOption = None,
        minutes: MinutesOption = None,
        features: FramesOption = None,
        states: StatesOption = None,
        threads: ThreadsOption = 1,
        resume: ResumeOption = False,
        as_json: JsonOption = False,
    ) -> None:
        given = {"--seed": seed, "--steps": steps, "--minutes": minutes}
        _train(
            head,
            given,
            as_json,
            corpus=corpus,
            out=out,
            base=base,
            frames=features,
            states=states,
            seed=seed,
            steps=steps,
            minutes=minutes,
            threads=threads,
            resume=resume,
        )

    command.__doc__ = f"""Train the head for {what}.

    The dual encoder stays as it is; weights are chosen on the validation split.

    Example:

      vtr train {head} --corpus data/corpus --base data/runs/seed0/dual --out data/runs/seed0/{head}
    """
    return command


def audio(
    corpus: CorpusOption,
    out: OutOption,
    seed: SeedOption = 0,
    steps: StepsOption = None,
    minutes: MinutesOption = None,
    sounds: SoundsOption = None,
    threads: ThreadsOption = 1,
    resume: ResumeOption = False,
    as_json: JsonOption = False,
) -> None:
    """Train the audio model: sounds, and texts that name them, in one space.

    Example:

      vtr train audio --corpus data/corpus --out data/runs/seed0/audio
    """
    given = {"--seed": seed, "--steps": steps, "--minutes": minutes}
    _train(
        "audio",
        given,
        as_json,
        corpus=corpus,
        out=out,
        sounds=sounds,
        seed=seed,
        steps=steps,
        minutes=minutes,
        threads=threads,
        resume=resume,
    )


def _train(method: str, given: dict[str, Any], as_json: bool, *, resume: bool, **fields: Any) -> None:
    """``given``: options as the card keeps them; ``fields``: the rest of a :class:`Training`."""
    output = Output(as_json)
    with bad_input_as_usage():
        from vtr.models.runs.command import card_command
        from vtr.models.runs.training import Training, train

        training = Training(
            method=method,
            decode=decoders(),
            resume=resume,
            command=card_command(method, given, resume=resume),
            **fields,
        )
        with progress_bar(output, method) as progress:
            card = train(training, progress)
    for split, metrics in card.metrics.items():
        if isinstance(metrics, dict):
            numbers = {name: value for name, value in metrics.items() if isinstance(value, int | float)}
            output.say(f"{split}: " + ", ".join(f"{name} {value:.1f}" for name, value in numbers.items()))
    output.document({"out": str(training.out), "parameters": card.parameters, "metrics": card.metrics})
