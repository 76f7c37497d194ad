"""``vtr topics``: the topics as they are declared, and as the broker has them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from vtr.cli.errors import CliError
from vtr.cli.exit_codes import ExitCode
from vtr.cli.options import DataDirOption, JsonOption
from vtr.cli.output import Output, plain


def make_group() -> typer.Typer:
    """``vtr topics`` with its subcommands."""
    group = typer.Typer(
        help="Topics as declared, and as the broker has them.", no_args_is_help=True, rich_markup_mode=None
    )
    group.command("list")(list_topics)
    group.command()(describe)
    group.command()(apply)
    group.command()(drift)
    return group


def list_topics(as_json: JsonOption = False) -> None:
    """List the declared topics: key, partitions, retention, who writes and who reads.

    Example:

      vtr topics list
    """
    from rich.table import Table

    from vtr.contracts.topics import load_topics

    output = Output(as_json)
    topics = load_topics()
    table = Table()
    for heading in ("topic", "key", "partitions", "kept", "from", "to"):
        table.add_column(heading, no_wrap=heading == "topic", overflow="fold")
    for name, spec in topics.items():
        kept = "compacted" if spec.cleanup == "compact" else f"{spec.retention_days or '∞'} d"
        table.add_row(
            name, spec.key, str(spec.partitions), kept, ", ".join(spec.producers), ", ".join(spec.receivers)
        )
    output.show(table)
    output.document({"topics": list(topics.values())})


def describe(
    name: Annotated[str, typer.Argument(help="A topic, e.g. vtr.clip.indexed.v1.", show_default=False)],
    as_json: JsonOption = False,
) -> None:
    """Describe one topic: what it says, its settings, and the fields of its event.

    Example:

      vtr topics describe vtr.video.submitted.v1
    """
    from rich.table import Table

    from vtr.contracts.jsonschema import event_schema
    from vtr.contracts.topics import load_topics

    output = Output(as_json)
    spec = load_topics().get(name)
    if spec is None:
        raise CliError(
            f"{name!r} is not a topic of vtr", code=ExitCode.NOT_FOUND, fix="See them with `vtr topics list`."
        )
    schema = event_schema(name)
    body = _body(schema)
    output.say(f"{name}: {spec.says}", "bold")
    output.say(f"key {spec.key}, {spec.partitions} partitions")
    output.say(f"{', '.join(spec.producers) or 'anyone'} -> {', '.join(spec.receivers) or 'nobody'}")
    for setting, value in spec.config.items():
        output.say(f"{setting} = {value}", "dim")
    table = Table()
    for heading in ("field", "required", "type", "meaning"):
        table.add_column(heading, overflow="fold")
    required = set(body.get("required", ()))
    for field, kind in body.get("properties", {}).items():
        table.add_row(
            field, "yes" if field in required else "", _type(kind), plain(kind.get("description", ""))
        )
    output.show(table)
    output.document({"topic": spec, "config": spec.config, "schema": schema})


def apply(
    replication_factor: Annotated[
        int | None, typer.Option(min=1, help="Copies of each partition; default: the broker's.")
    ] = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Create the topics that are missing, and set what differs. Partitions are never taken away.

    Example:

      vtr topics apply --replication-factor 3
    """
    from vtr.cli.context import locate
    from vtr.cli.events import require_broker
    from vtr.kafka.admin import apply_topics

    output = Output(as_json)
    kafka = locate(data_dir).addresses.kafka
    require_broker(kafka)
    lines = apply_topics(kafka, replication_factor)
    for line in lines or ["all topics are as declared"]:
        output.say(line)
    output.document({"changes": lines})


def drift(
    replication_factor: Annotated[
        int | None, typer.Option(min=1, help="Copies that each partition should have.")
    ] = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say where the broker's topics differ from the declared ones; exit code 1 if they do. Changes nothing.

    Example:

      vtr topics drift && echo "as declared"
    """
    from vtr.cli.context import locate
    from vtr.cli.events import require_broker
    from vtr.kafka.drift import topic_drift

    output = Output(as_json)
    kafka = locate(data_dir).addresses.kafka
    require_broker(kafka)
    lines = topic_drift(kafka, replication_factor)
    for line in lines or ["all topics are as declared"]:
        output.say(line)
    output.document({"drift": lines})
    if lines:
        output.note("Set them with `vtr topics apply`.", "")
        raise typer.Exit(ExitCode.FAILED)


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    """The object that a schema describes, wherever its top level points."""
    reference = schema.get("$ref", "")
    body: dict[str, Any] = schema["$defs"][reference.removeprefix("#/$defs/")] if reference else schema
    return body


def _type(kind: dict[str, Any]) -> str:
    if "anyOf" in kind:
        return " or ".join(_type(one) for one in kind["anyOf"])
    if "$ref" in kind:
        return str(kind["$ref"]).rpartition("/")[2]
    if "enum" in kind:
        return " | ".join(str(one) for one in kind["enum"])
    shown = str(kind.get("format") or kind.get("type", "any"))
    return f"{shown} of {_type(kind['items'])}" if isinstance(kind.get("items"), dict) else shown
