"""``vtr dlq``: what could not be handled, why, and back to where it came from."""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vtr.cli.errors import CliError, usage_error
from vtr.cli.exit_codes import ExitCode
from vtr.cli.options import DataDirOption, JsonOption
from vtr.cli.output import Output, clean, plain

if TYPE_CHECKING:
    from pathlib import Path

    from vtr.kafka.deadletters import DeadLetter
    from vtr.runtime.settings import KafkaSettings

VALUE_CHARS = 2000

TopicArgument = Annotated[
    str,
    typer.Argument(
        help="A dead letter topic: <topic>.<group>.dlq; `vtr dlq list` has them.", show_default=False
    ),
]


def make_group() -> typer.Typer:
    """``vtr dlq`` with its subcommands."""
    group = typer.Typer(
        help="Dead letters: what could not be handled, why, and back.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("list")(list_letters)
    group.command()(show)
    group.command()(replay)
    return group


def list_letters(data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """List the dead letter topics that hold any, with the reasons.

    Example:

      vtr dlq list
    """
    from vtr.kafka.deadletters import list_dead_letters

    output = Output(as_json)
    summaries = list_dead_letters(_kafka(data_dir))
    for one in summaries:  # no table: the names are long, and one wants to copy them
        output.say(one.topic, "bold")
        reasons = ", ".join(f"{code} {count}" for code, count in one.codes.items())
        output.say(f"  {one.count} dead letters, {one.replayed} of them replayed: {reasons}")
        output.say(f"  buried from {_time(one.oldest)} to {_time(one.newest)}", "dim")
    if not summaries:
        output.say("No dead letters.")
    output.document({"topics": summaries})


def show(
    topic: TopicArgument,
    letter: Annotated[
        list[str] | None, typer.Option("--id", help="Show this one in full (repeatable).")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many of the newest.")] = 20,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the dead letters of a topic; with --id in full, with the stack and the record.

    Examples:

      vtr dlq show vtr.video.submitted.v1.vtr.video_ingest.dlq

      vtr dlq show vtr.video.submitted.v1.vtr.video_ingest.dlq --id 0:7
    """
    output = Output(as_json)
    letters = _read(_kafka(data_dir), topic, letter, limit)
    if letter:
        for one in letters:
            _show_whole(one, output)
    elif letters:
        _show_table(letters, output)
    else:
        output.say(f"{topic} holds no dead letters.")
    output.document({"topic": topic, "letters": [document(one) for one in letters]})


def replay(
    topic: TopicArgument,
    letter: Annotated[
        list[str] | None, typer.Option("--id", help="Only this one (repeatable); default: all.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Also those that were replayed before.")] = False,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish dead letters again to the topics that they came from, each once unless --again.

    Examples:

      vtr dlq replay vtr.video.submitted.v1.vtr.video_ingest.dlq

      vtr dlq replay vtr.video.submitted.v1.vtr.video_ingest.dlq --id 0:7 --again
    """
    from vtr.kafka.deadletters import replay as replay_letters

    output = Output(as_json)
    kafka = _kafka(data_dir)
    try:
        count = replay_letters(kafka, topic, letter, again=again)
    except ValueError as error:
        raise _unknown(error) from error
    output.say(f"replayed {count} of {topic}" if count else f"nothing of {topic} was left to replay")
    output.document({"topic": topic, "replayed": count})


def _kafka(data_dir: Path | None) -> KafkaSettings:
    from vtr.cli.context import locate
    from vtr.cli.events import require_broker

    kafka = locate(data_dir).addresses.kafka
    require_broker(kafka)
    return kafka


def _read(kafka: KafkaSettings, topic: str, ids: list[str] | None, limit: int) -> list[DeadLetter]:
    from vtr.kafka.deadletters import read_dead_letters

    try:
        letters = read_dead_letters(kafka, topic, 2**31 if ids else limit)
    except ValueError as error:
        raise _unknown(error) from error
    if not ids:
        return letters
    found = {one.id: one for one in letters}
    if missing := [one for one in ids if one not in found]:
        raise CliError(
            f"{topic} holds no dead letter {missing[0]}",
            code=ExitCode.NOT_FOUND,
            fix="Ids look like 0:7 (partition and offset); see them with `vtr dlq show TOPIC`.",
        )
    return [found[one] for one in ids]


def _unknown(error: ValueError) -> CliError:
    """What the library says of a topic or an id that is not there; a name that cannot be one is usage."""
    if "is no dead letter topic" in str(error):
        return usage_error(str(error), "See the topics with `vtr dlq list`.")
    return CliError(str(error), code=ExitCode.NOT_FOUND, fix="See what there is with `vtr dlq list`.")


def document(letter: DeadLetter) -> dict[str, Any]:
    """A dead letter as ``--json`` prints it: the value parsed where it is JSON, else as text."""
    import msgspec

    built: dict[str, Any] = msgspec.structs.asdict(letter)
    value: Any = None if letter.value is None else letter.value.decode(errors="replace")
    with contextlib.suppress(msgspec.DecodeError):
        value = msgspec.json.decode(letter.value or b"")
    headers = {name: data.decode(errors="replace") for name, data in letter.headers}
    key = None if letter.key is None else letter.key.decode(errors="replace")
    return built | {"key": key, "value": value, "headers": headers}


def _show_table(letters: list[DeadLetter], output: Output) -> None:
    from rich.table import Table

    table = Table()
    for heading in ("id", "buried", "key", "reason", "replays"):
        table.add_column(heading, overflow="fold", ratio=1 if heading == "reason" else None)
    for one in letters:
        key = (one.key or b"").decode(errors="replace")
        table.add_row(
            plain(one.id),
            _time(one.buried_at),
            plain(key),
            plain(f"{one.code}: {one.reason}"),
            f"{one.replays}{' (replayed)' if one.replayed else ''}",
        )
    output.show(table)


def _show_whole(letter: DeadLetter, output: Output) -> None:
    place = f"{letter.origin_topic}[{letter.origin_partition}]@{letter.origin_offset}"
    output.say(f"{letter.id} of {letter.topic}", "bold")
    output.say(f"from {place}, buried {_time(letter.buried_at)} by {letter.service} (group {letter.group})")
    output.say(f"{letter.code}: {letter.reason}", "red")
    for name, data in letter.headers:
        output.say(f"  {name}: {data.decode(errors='replace')}", "dim")
    value = (letter.value or b"").decode(errors="replace")
    output.say(clean(value)[:VALUE_CHARS] + (" … (--json has it whole)" if len(value) > VALUE_CHARS else ""))
    for line in letter.stack.splitlines():
        output.say(f"  {line}", "dim")


def _time(at: datetime | None) -> str:
    return "" if at is None else at.isoformat(sep=" ", timespec="seconds")
