"""The command line, put together from its commands."""

from __future__ import annotations

from typing import Annotated

import typer

from vtr.cli import (
    asyncapi,
    corpus,
    delete,
    demo,
    dlq,
    encode,
    evaluate,
    interact,
    models,
    moments,
    publish,
    recommend,
    search,
    stack,
    status,
    topics,
    train,
)
from vtr.cli.exit_codes import ExitCode
from vtr.cli.group import DEBUG_META, GuardedGroup

EPILOG = "Exit codes: " + ", ".join(f"{int(code)} {code.name.lower().replace('_', ' ')}" for code in ExitCode)


def _version(value: bool) -> None:
    if value:
        from vtr import __version__

        print(f"vtr {__version__}")
        raise typer.Exit


def root(
    context: typer.Context,
    debug: Annotated[
        bool, typer.Option("--debug", envvar="VTR_DEBUG", help="Show tracebacks of failures.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Find the exact moments in videos by words, seconds after they were published to Kafka.

    Start with: vtr up --detach, vtr publish FILE, vtr search "what happens in it". Or see it all: vtr demo.
    """
    del version
    context.meta[DEBUG_META] = debug


def make_app() -> typer.Typer:
    """The ``vtr`` command with all its subcommands."""
    app = typer.Typer(
        name="vtr",
        cls=GuardedGroup,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog=EPILOG,
    )
    app.callback()(root)
    for command in (
        stack.up,
        stack.down,
        status.status,
        publish.publish,
        search.search,
        search.similar,
        moments.moments,
        recommend.recommend,
        interact.interact,
        delete.delete,
        encode.encode,
        asyncapi.asyncapi,
        demo.demo,
    ):
        app.command()(command)
    app.add_typer(topics.make_group(), name="topics")
    app.add_typer(dlq.make_group(), name="dlq")
    app.add_typer(corpus.make_group(), name="corpus")
    app.add_typer(train.make_group(), name="train")
    app.add_typer(evaluate.make_group(), name="evaluate")
    app.add_typer(models.make_group(), name="models")
    return app
