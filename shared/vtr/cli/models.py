"""``vtr models``: trained models with their heads, into the object store and out of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vtr.cli.bundle import bundle
from vtr.cli.errors import CliError
from vtr.cli.exit_codes import ExitCode
from vtr.cli.options import DataDirOption, JsonOption
from vtr.cli.output import Output, plain

if TYPE_CHECKING:
    from vtr.media.objects import ObjectStore

ObjectsOption = Annotated[
    str | None,
    typer.Option(
        "--objects",
        envvar="VTR_OBJECTS__URI",
        help="URI of the object store; default: that of the laptop stack.",
        show_default=False,
    ),
]


def make_group() -> typer.Typer:
    """``vtr models`` with its subcommands."""
    group = typer.Typer(
        help="Publish trained models with their heads, and see what is published.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command()(bundle)
    group.command()(publish)
    group.command("list")(list_models)
    group.command()(fetch)
    return group


def publish(
    folder: Annotated[
        Path, typer.Argument(help="Checkpoint of a dual encoder, heads in heads/<head>.", show_default=False)
    ],
    objects: ObjectsOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check a bundle and put it into the object store, whole, as the current revision of its model.

    Other heads beside the same dual encoder are another revision of the same model: ranking picks them up
    and nothing is indexed again. Publishing an older folder again goes back to it.

    Example:

      vtr models publish shared/vtr/models/checkpoints/dual-generated
    """
    from vtr.models.bundle.folder import check_bundle
    from vtr.models.bundle.store import publish as publish_bundle

    output = Output(as_json)
    with _told():
        done = publish_bundle(_store(objects, data_dir), folder, check_bundle(folder))
    manifest = done.manifest
    heads = ", ".join(manifest.heads) or "no heads"
    output.say(f"{manifest.model_version} revision {done.revision}: {heads}", "bold")
    output.say("was published before" if done.written == 0 else f"{done.written} objects written")
    output.say(f"VTR_ENCODER=published:{manifest.model_version}")
    output.document(
        {
            "model": manifest.model_version,
            "revision": done.revision,
            "heads": sorted(manifest.heads),
            "written": done.written,
        }
    )


def list_models(
    objects: ObjectsOption = None, data_dir: DataDirOption = None, as_json: JsonOption = False
) -> None:
    """List published models: their revisions, the heads in each, and which is picked up.

    Example:

      vtr models list
    """
    from rich.table import Table

    from vtr.models.bundle.store import published_models

    output = Output(as_json)
    with _told():
        models = published_models(_store(objects, data_dir))
    table = Table()
    for heading in ("model", "revision", "", "heads", "MB"):
        table.add_column(heading, overflow="fold", justify="right" if heading == "MB" else "left")
    for model in models:
        for revision, manifest in model.revisions.items():
            table.add_row(
                plain(model.model_version),
                plain(revision),
                "current" if revision == model.current else "",
                plain(", ".join(manifest.heads) or "none"),
                f"{sum(file.size for file in manifest.files.values()) / 1e6:.1f}",
            )
    if models:
        output.show(table)
    else:
        output.say("No model is published here; `vtr models publish DIR` does it.")
    output.document(
        {
            "models": [
                {
                    "model": model.model_version,
                    "current": model.current,
                    "revisions": {
                        revision: sorted(manifest.heads) for revision, manifest in model.revisions.items()
                    },
                }
                for model in models
            ]
        }
    )


def fetch(
    version: Annotated[str, typer.Argument(help="A model version, see `vtr models list`.")],
    out: Annotated[
        Path, typer.Option(help="The bundle goes into OUT/<version>/<revision>.", show_default=False)
    ],
    revision: Annotated[
        str | None, typer.Option(help="Which revision; default: the current one.", show_default=False)
    ] = None,
    objects: ObjectsOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch a published bundle, every file checked against its hash.

    Example:

      vtr models fetch trained-dual_256_0123456789ab --out data/models
    """
    from vtr.models.bundle.store import fetch_bundle

    output = Output(as_json)
    with _told():
        folder = fetch_bundle(_store(objects, data_dir), version, out, revision=revision)
    output.say(str(folder))
    output.document({"model": version, "revision": folder.name, "folder": str(folder)})


def _store(uri: str | None, data_dir: Path | None) -> ObjectStore:
    from vtr.cli.context import objects_of
    from vtr.media.objects import ObjectStore

    return ObjectStore(uri if uri is not None else objects_of(data_dir))


@contextmanager
def _told() -> Iterator[None]:
    """Faults of a bundle as failures that people see."""
    from vtr.models.bundle.manifest import BundleError, MissingBundleError

    try:
        yield
    except MissingBundleError as error:
        raise CliError(str(error), code=ExitCode.NOT_FOUND, fix="See `vtr models list`.") from error
    except BundleError as error:
        raise CliError(str(error)) from error
