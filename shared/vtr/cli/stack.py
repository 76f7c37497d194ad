"""``vtr up`` and ``vtr down``: the laptop stack."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vtr.cli.errors import CliError, usage_error
from vtr.cli.exit_codes import ExitCode
from vtr.cli.options import DataDirOption, JsonOption
from vtr.cli.output import Output, plain

if TYPE_CHECKING:
    from vtr.cli.context import Context
    from vtr.local.config import StackConfig
    from vtr.local.control import StopReport
    from vtr.local.preflight import PreflightError
    from vtr.local.state import StackState

EXTERNAL_KAFKA = "VTR_KAFKA__BOOTSTRAP_SERVERS"
STARTING_TIMEOUT_S = 300.0


def up(
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return once it is ready.")] = False,
    milvus: Annotated[
        str,
        typer.Option(
            help="lite: Milvus Lite as a server; standalone: the real one; or the URI of a running one."
        ),
    ] = "lite",
    kafka: Annotated[
        str | None, typer.Option(help="host:port of a running Kafka; without it, one is started.")
    ] = None,
    redis: Annotated[
        str | None, typer.Option(help="URL of a running Redis; without it, one is started.")
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            help="As VTR_ENCODER: offline (no download, the default), hf:MODEL, trained:DIRECTORY, "
            "published:MODEL, random.",
            show_default=False,
        ),
    ] = None,
    audio_encoder: Annotated[
        str | None,
        typer.Option(
            help="Index and search sound too: trained-audio:DIRECTORY or clap:MODEL.", show_default=False
        ),
    ] = None,
    port: Annotated[
        list[str] | None,
        typer.Option(help="Another port, as NAME=NUMBER: kafka, redis, milvus or a service (repeatable)."),
    ] = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start the laptop stack: Kafka, Redis, Milvus and all services, supervised. Ctrl-C stops it.

    Data are kept between runs. What keeps it from starting is told at once, each with its fix.

    Examples:

      vtr up

      vtr up --detach --milvus standalone

      vtr up --kafka broker:9092 --port search=8200
    """
    from vtr.cli.context import locate

    output = Output(as_json)
    config = make_config(data_dir, milvus, kafka, redis, encoder, port or [], audio_encoder)
    context = locate(data_dir)
    if context.state is not None:
        output.say(
            f"A stack is already {context.state.phase} on {context.data_dir} "
            f"(pid {context.state.supervisor_pid}). Stop it with: vtr down"
        )
        output.document(document(context.state))
        return
    if detach:
        state = start(config, output)
        show_running(state, output)
        output.document(document(state))
    else:
        hold(config, output)


def down(
    purge: Annotated[
        bool, typer.Option("--purge", help="Remove its data too: topics, vectors, frames.")
    ] = False,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Stop the laptop stack. Its data stay, unless purged. Nothing running is no error.

    Example:

      vtr down --purge
    """
    from vtr.cli.context import locate

    output = Output(as_json)
    folder = locate(data_dir).data_dir
    report = stop(folder, purge=purge)
    output.say(
        f"stopped the stack of {folder}" if report.was_running else f"no stack was running on {folder}"
    )
    if report.killed:
        output.say("it did not stop by itself and was killed", "yellow")
    if report.left_behind:
        output.say(
            f"ended {len(report.left_behind)} processes that an earlier stack had left behind", "yellow"
        )
    for path in report.purged:
        output.say(f"removed {path}")
    output.document({"data_dir": folder, "report": report})


def stop(data_dir: Path, *, purge: bool) -> StopReport:
    """Stop whatever runs on ``data_dir``."""
    from vtr.local.control import stop_running

    return stop_running(data_dir, purge)


def ensure_up(data_dir: Path | None, output: Output) -> Context:
    """The context of a stack that is ready: the running one, one named by the environment, or a new one."""
    from vtr.cli.context import locate

    context = locate(data_dir)
    if os.environ.get(EXTERNAL_KAFKA):
        output.note(f"using the stack that the environment names ({EXTERNAL_KAFKA})")
        return context
    if context.state is None:
        start(make_config(data_dir, "lite", None, None, None, []), output)
        return locate(data_dir)
    deadline = time.monotonic() + STARTING_TIMEOUT_S
    while context.state is not None and context.state.phase == "starting" and time.monotonic() < deadline:
        time.sleep(0.5)
        context = locate(data_dir)
    if context.state is None or context.state.phase != "ready":
        phase = context.state.phase if context.state is not None else "gone"
        raise CliError(
            f"the stack of {context.data_dir} is {phase}",
            code=ExitCode.NOT_REACHABLE,
            fix="Stop it with `vtr down`, then try again.",
        )
    return context


def make_config(
    data_dir: Path | None,
    milvus: str,
    kafka: str | None,
    redis: str | None,
    encoder: str | None,
    ports: list[str],
    audio_encoder: str | None = None,
) -> StackConfig:
    """The stack that the options ask for; raises a usage error naming the option."""
    from pydantic import ValidationError

    from vtr.local.config import StackConfig

    fields: dict[str, Any] = {"kafka": kafka, "redis": redis, **_ports(ports)}
    if data_dir is not None:
        fields["data_dir"] = data_dir
    if milvus in {"lite", "standalone"}:
        fields["milvus_kind"] = milvus
    elif "://" in milvus:
        fields["milvus"] = milvus
    else:
        raise usage_error(f"--milvus: {milvus!r} is neither lite nor standalone nor a URI")
    env = {"VTR_ENCODER": _from_here(encoder)} if encoder is not None else {}
    if audio_encoder is not None:
        # What is to be heard has to be kept: video_ingest stores no sound unless told to.
        env |= {"VTR_AUDIO_ENCODER": _from_here(audio_encoder), "VTR_CUT__AUDIO": "true"}
    if env:
        fields["env"] = env
    try:
        return StackConfig(**fields)
    except ValidationError as error:
        fault = error.errors()[0]
        raise usage_error(f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}") from error


def _from_here(spec: str) -> str:
    """``spec`` with a path that is there made absolute: the services run in a directory of their own."""
    kind, colon, argument = spec.partition(":")
    return f"{kind}:{Path(argument).resolve()}" if colon and argument and Path(argument).exists() else spec


def _ports(given: list[str]) -> dict[str, Any]:
    from vtr.local.config import EnginePorts
    from vtr.local.services import SERVICES

    engines: dict[str, int] = {}
    services = {service.name: service for service in SERVICES}
    for text in given:
        name, _, number = text.partition("=")
        if not number.isdecimal():
            raise usage_error(f"--port: {text!r} is not NAME=NUMBER", "For example: --port search=8200")
        if name in services:
            services[name] = services[name].model_copy(update={"port": int(number)})
        elif name in EnginePorts.model_fields:
            engines[name] = int(number)
        else:
            known = ", ".join([*EnginePorts.model_fields, *services])
            raise usage_error(f"--port: {name!r} is not a part of the stack", f"Its parts are {known}.")
    return {
        "ports": engines,
        "services": tuple(service.model_dump() for service in services.values()),
    }


def start(config: StackConfig, output: Output) -> StackState:
    """Start a detached stack, telling on stderr what gets ready; its state when all is."""
    from vtr.local.control import StackFailed, start_detached
    from vtr.local.preflight import PreflightError, require
    from vtr.local.stack import Stack

    began = time.monotonic()
    ready: set[str] = set()

    def progress(state: StackState) -> None:
        for process in state.processes:
            if process.condition == "ready" and process.name not in ready:
                ready.add(process.name)
                output.note(f"{process.name} is ready ({time.monotonic() - began:.1f} s)")

    output.note(f"starting the stack on {config.data_dir}")
    try:
        require(Stack(config).problems())
        state = start_detached(config, progress)
    except PreflightError as error:
        raise preflight_failure(error) from error
    except StackFailed as error:
        logs = config.data_dir / "logs"
        raise CliError(f"the stack did not start: {error}", fix=f"The logs are in {logs}") from error
    progress(state)
    return state


def hold(config: StackConfig, output: Output) -> None:
    """Run a stack in this process until it is stopped by a signal, with all logs on stderr."""
    from vtr.local.preflight import PreflightError
    from vtr.local.process import ProcessFailed
    from vtr.local.stack import Stack
    from vtr.local.supervisor import run

    def write(line: str) -> None:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()

    def ready(stack: Stack) -> None:
        show_running(stack.state(), output)
        output.document(document(stack.state()))

    try:
        code = run(config, write, colour=output.err.is_terminal, on_ready=ready)
    except PreflightError as error:
        raise preflight_failure(error) from error
    except ProcessFailed as error:
        raise CliError(
            f"the stack did not start: {error}", fix=f"The logs are in {config.data_dir / 'logs'}"
        ) from error
    if code:
        raise typer.Exit(ExitCode.FAILED)


def preflight_failure(error: PreflightError) -> CliError:
    """Everything that is missing, each with why it matters and how to mend it."""
    lines = []
    for problem in error.problems:
        lines += [f"- {problem.what}", f"    why: {problem.why}", f"    fix: {problem.fix}"]
    count = len(error.problems)
    head = "1 thing keeps" if count == 1 else f"{count} things keep"
    return CliError(f"{head} the stack from starting:\n" + "\n".join(lines))


def show_running(state: StackState, output: Output) -> None:
    """What runs, and what to do with it."""
    from rich.table import Table

    table = Table()
    for heading in ("part", "pid", "address", "log"):
        table.add_column(heading, overflow="fold")
    for process in state.processes:
        table.add_row(process.name, str(process.pid or ""), plain(process.url or ""), plain(str(process.log)))
    output.show(table)
    output.say(
        "The stack is ready. Publish a video: vtr publish FILE. Stop the stack: vtr down", "bold green"
    )


def document(state: StackState) -> dict[str, Any]:
    """The state as ``--json`` prints it, without passwords."""
    found: dict[str, Any] = state.model_dump(mode="json")
    found["addresses"] = {name: without_password(address) for name, address in state.addresses.items()}
    for process in found["processes"]:
        if process["url"]:
            process["url"] = without_password(process["url"])
    return found


def without_password(address: str) -> str:
    """A URL with its password, or its whole user part where that is all there is, replaced by stars."""
    scheme, separator, rest = address.partition("://")
    if not separator or "@" not in rest:
        return address
    user, _, host = rest.rpartition("@")
    return f"{scheme}://{user.partition(':')[0]}:***@{host}"
