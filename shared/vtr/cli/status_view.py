"""The report of ``vtr status`` as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vtr.cli.clock import age
from vtr.cli.output import Output, plain

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from vtr.cli.status import Report


def show_report(report: Report, output: Output) -> None:
    """Health of the parts, then lag, watermark, collections, dead letters, then what to do."""
    output.show(_parts(report))
    for name, says in _faults(report):
        output.say(f"{name}: {says}", "red")
    if report.kafka.groups:
        output.show(_groups(report))
    mark = report.watermark
    if mark.at is not None and mark.age_s is not None:
        when = mark.at.isoformat(timespec="seconds")
        output.say(f"watermark {when}: everything submitted before it is searchable ({age(mark.age_s)} ago)")
    elif any(engine.name == "redis" and engine.ok for engine in report.engines):
        output.say("no watermark yet: no video has been indexed", "dim")
    if report.collections:
        output.show(_collections(report))
    for topic, count in report.kafka.dead_letters.items():
        output.say(f"{count} dead letters in {topic}", "yellow")
    for line in report.advice:
        output.say(f"-> {line}", "bold yellow")
    output.say(
        "all is well" if report.ok else "something is unhealthy", "bold green" if report.ok else "bold red"
    )


def _health(ok: bool) -> Text:
    return plain("● ok", "green") if ok else plain("✗ not ok", "bold red")


def _parts(report: Report) -> Table:
    from rich.table import Table

    table = Table(title=plain(f"stack {report.stack} ({report.data_dir})", "bold"), title_justify="left")
    table.add_column("part", no_wrap=True)
    table.add_column("health", no_wrap=True)
    table.add_column("address", overflow="fold")
    table.add_column("pid", justify="right")
    table.add_column("up", justify="right", no_wrap=True)
    table.add_column("restarts", justify="right")
    processes = {process.name: process for process in report.processes}
    rows = [(one.name, one.ok, one.address) for one in report.engines]
    rows += [(one.name, one.ok, one.url) for one in report.services]
    for name, ok, address in rows:
        # An engine of several processes is named by its first: kafka is kafka-1, milvus is milvus-lite.
        process = processes.get(name) or next((p for n, p in processes.items() if n.startswith(name)), None)
        table.add_row(
            name,
            _health(ok),
            plain(address),
            str(process.pid or "") if process else "",
            age(process.uptime_s) if process and process.uptime_s is not None else "",
            str(process.restarts) if process else "",
        )
    return table


def _faults(report: Report) -> list[tuple[str, str]]:
    faults = [(engine.name, engine.fault) for engine in report.engines if engine.fault]
    for service in report.services:
        faults += [(service.name, f"{part}: {reason}") for part, reason in service.faults.items()]
    return faults


def _groups(report: Report) -> Table:
    from rich.table import Table

    table = Table()
    table.add_column("consumer group")
    table.add_column("lag", justify="right")
    table.add_column("members", justify="right")
    table.add_column("state")
    for name, group in report.kafka.groups.items():
        lag = "?" if group.lag is None else str(group.lag)
        members = "?" if group.members is None else str(group.members)
        table.add_row(name, plain(lag), plain(members, "bold red" if group.abandoned else ""), group.state)
    return table


def _collections(report: Report) -> Table:
    from rich.table import Table

    table = Table()
    for heading in ("collection", "model", "modality", "dim", "live", "clips"):
        table.add_column(heading, justify="right" if heading in {"dim", "clips"} else "left", overflow="fold")
    for one in report.collections:
        live = "live" if one.live else ""
        table.add_row(plain(one.name), plain(one.model), one.modality, str(one.dim), live, str(one.clips))
    return table
