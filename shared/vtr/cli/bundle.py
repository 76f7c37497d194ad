"""``vtr models bundle``: a run's dual encoder and heads as one folder to publish."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vtr.cli.errors import usage_error
from vtr.cli.learning import FramesOption, StatesOption, bad_input_as_usage, decoders, progress_bar
from vtr.cli.options import JsonOption
from vtr.cli.output import Output

if TYPE_CHECKING:
    from vtr.models.heads.serving.weigh import Weighed


def bundle(
    run: Annotated[
        Path, typer.Argument(help="Directory of a run: dual/ with heads beside it.", show_default=False)
    ],
    out: Annotated[Path, typer.Option("--out", help="The bundle's folder, new.", show_default=False)],
    weigh: Annotated[
        list[str] | None,
        typer.Option("--weigh", help="Choose on validation how much this head counts (repeatable)."),
    ] = None,
    corpus: Annotated[
        Path | None, typer.Option("--corpus", help="For --weigh: what it was trained on.")
    ] = None,
    queries: Annotated[int, typer.Option(min=1, help="For --weigh: how many captions are asked.")] = 200,
    depth: Annotated[int, typer.Option(min=2, help="For --weigh: candidates that are re-ordered.")] = 20,
    features: FramesOption = None,
    states: StatesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a run's dual encoder and heads into one folder, as `vtr models publish` takes it.

    A head's card says whether queries use it unasked and how much its score counts. Training chooses both for
    the heads that re-order; --weigh chooses them anew, by what serves: the head's runner on the dual
    encoder's best candidates for captions of the validation split; a composer against the way halfway.

    Examples:

      vtr models bundle data/runs/seed0 --out data/models/seed0

      vtr models bundle data/runs/seed0 --out data/models/seed0 --weigh covr --corpus data/corpus
    """
    output = Output(as_json)
    if weigh and corpus is None:
        raise usage_error("--corpus: --weigh needs the corpus")
    with bad_input_as_usage():
        from vtr.models.bundle.assemble import assemble

        manifest = assemble(run, out)
        found: dict[str, Weighed] = {}
        if weigh and corpus is not None:
            found = _weigh(out, run / "dual", weigh, corpus, (features, states), (queries, depth), output)
    output.say(f"{manifest.model_version}: {', '.join(manifest.heads) or 'no heads'}", "bold")
    for head, chosen in found.items():
        verdict = "on" if chosen.serving.default_on else "off unless asked for"
        output.say(
            f"{head}: weight {chosen.serving.weight:g}, R@1 {chosen.before:.1f} to {chosen.after:.1f} on "
            f"{chosen.queries} captions (gain at least {chosen.low:.1f}): {verdict}"
        )
    output.document({"model": manifest.model_version, "heads": sorted(manifest.heads), "weighed": found})


def _weigh(
    folder: Path,
    base: Path,
    heads: list[str],
    corpus: Path,
    stores: tuple[Path | None, Path | None],
    sizes: tuple[int, int],
    output: Output,
) -> dict[str, Weighed]:
    from vtr.evaluation.corpus.read import open_corpus
    from vtr.models.heads.serving.bundle import HEADS, load_bundle
    from vtr.models.heads.serving.card import save_serving
    from vtr.models.heads.serving.weigh import weigh, weigh_composer
    from vtr.models.runs.training import frames_of, states_of

    features, states = stores
    queries, depth = sizes
    opened = open_corpus(corpus)
    loaded = load_bundle(folder, "weighed")
    unknown = sorted(set(heads) - loaded.runners.keys() - loaded.composers.keys())
    if unknown:
        why = loaded.broken.get(unknown[0], "is none of its heads")
        raise ValueError(f"--weigh: {folder}: {unknown[0]!r} {why}")
    found: dict[str, Weighed] = {}
    with progress_bar(output, "weigh") as progress:
        frames = frames_of(opened, decoders(), features, progress=progress)
        seen = states_of(base, opened, frames, states, progress=progress)
        for head in dict.fromkeys(heads):
            if head in loaded.composers:
                chosen = weigh_composer(loaded.composers[head], opened, seen)
            else:
                runner = loaded.runners[head]
                chosen = weigh(runner, opened, seen, depth=depth, limit=queries, progress=progress)
            save_serving(
                folder / HEADS / head,
                chosen.serving,
                queries=chosen.queries,
                before=chosen.before,
                after=chosen.after,
                low=chosen.low,
            )
            found[head] = chosen
    return found
