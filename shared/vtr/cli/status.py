"""``vtr status``: is everything well, how far behind is it, what is in it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import typer

from vtr.cli.exit_codes import ExitCode
from vtr.cli.options import DataDirOption, JsonOption
from vtr.cli.output import Output

if TYPE_CHECKING:
    from pathlib import Path

    from vtr.cli.context import Context
    from vtr.cli.probes import Collection, EngineHealth, KafkaReport, ServiceHealth, Watermark
    from vtr.local.state import ProcessState


@dataclass
class Process:
    """A supervised process of the laptop stack."""

    name: str
    kind: str
    pid: int | None
    alive: bool
    condition: str
    restarts: int
    uptime_s: float | None
    log: Path
    detail: str | None


@dataclass
class Report:
    """All that ``vtr status`` found out; its fields are the keys of ``--json``."""

    ok: bool
    data_dir: Path
    stack: str
    """The phase of the laptop stack, or ``not running``."""

    engines: list[EngineHealth]
    services: list[ServiceHealth]
    processes: list[Process]
    kafka: KafkaReport
    watermark: Watermark
    collections: list[Collection]
    advice: list[str] = field(default_factory=list)


def status(data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """Show the health of each engine and service, lag, watermark, collections and dead letters.

    Exit code 1 if something is unhealthy, with what to do about it; 4 if nothing answers at all.

    Examples:

      vtr status

      vtr status --json | jq .kafka.groups
    """
    from vtr.cli.context import locate
    from vtr.cli.status_view import show_report

    output = Output(as_json)
    report = examine(locate(data_dir))
    show_report(report, output)
    output.document(report)
    if not report.ok:
        raise typer.Exit(ExitCode.FAILED if answering(report) else ExitCode.NOT_REACHABLE)


def examine(context: Context) -> Report:
    """Ask every part of the stack, all at once."""
    from vtr.cli import probes
    from vtr.contracts.topics import consumer_group, load_topics

    consumers = {service for topic in load_topics().values() for service in topic.consumers}
    groups = {service: consumer_group(service) for service in sorted(consumers)}
    addresses = context.addresses
    questions: list[Any] = [
        lambda: probes.probe_kafka(addresses.kafka, groups),
        lambda: probes.probe_redis(addresses.redis),
        lambda: probes.probe_milvus(addresses.milvus),
    ]
    urls = service_urls(context)
    questions += [lambda name=name, url=url: probes.probe_service(name, url) for name, url in urls.items()]
    (kafka, kafka_report), (redis, watermark), (milvus, collections), *services = probes.at_once(*questions)
    report = Report(
        ok=False,
        data_dir=context.data_dir,
        stack=context.state.phase if context.state is not None else "not running",
        engines=[kafka, redis, milvus],
        services=services,
        processes=[_process(one) for one in context.state.processes] if context.state is not None else [],
        kafka=kafka_report,
        watermark=watermark,
        collections=collections,
    )
    report.advice = advise(report)
    report.ok = healthy(report)
    return report


def service_urls(context: Context) -> dict[str, str]:
    """Where each service's probes are: all of a running laptop stack; else those with a known address."""
    from vtr.cli.context import URL_SERVICES

    urls = {name: str(getattr(context.addresses, f"{name}_url")) for name in URL_SERVICES}
    if context.state is not None:
        for process in context.state.processes:
            if process.kind == "service" and process.url:
                urls.setdefault(process.name, process.url)
    return dict(sorted(urls.items()))


def healthy(report: Report) -> bool:
    """Whether every engine and service answers and is ready, and somebody reads every topic with lag.

    Lag and dead letters alone are no illness.
    """
    return (
        all(engine.ok for engine in report.engines)
        and all(service.ok for service in report.services)
        and all(process.alive and process.condition == "ready" for process in report.processes)
        and not report.kafka.missing_topics
        and not any(group.abandoned for group in report.kafka.groups.values())
    )


def answering(report: Report) -> bool:
    """Whether anything at all answers."""
    return any(engine.ok for engine in report.engines) or any(service.ok for service in report.services)


def advise(report: Report) -> list[str]:
    """What to do about what is not well, the most basic first."""
    advice: list[str] = []
    if report.stack == "not running" and not answering(report):
        return [f"No stack runs on {report.data_dir}. Start one: vtr up --detach"]
    if down := [engine for engine in report.engines if not engine.ok]:
        names = ", ".join(f"{engine.name} at {engine.address}" for engine in down)
        advice.append(
            f"Nothing answers for {names}. Right address? Restart the stack: vtr down, vtr up --detach"
        )
    if report.kafka.missing_topics:
        advice.append(
            f"{len(report.kafka.missing_topics)} topics do not exist. Create them: vtr topics apply"
        )
    logs = {process.name: process.log for process in report.processes}
    advice += [
        f"{process.name} ends again and again ({process.detail}); see {process.log}"
        for process in report.processes
        if process.condition == "crash-looping"
    ]
    advice += [
        f"{service.name} is not ready; see {logs.get(service.name, 'its log')}"
        for service in report.services
        if not service.ok
    ]
    advice += [
        f"{group.lag} records wait for {name}, and it has no member: is that service running? Restart it."
        for name, group in report.kafka.groups.items()
        if group.abandoned
    ]
    for topic, count in report.kafka.dead_letters.items():
        advice.append(f"{count} dead letters wait. See why: vtr dlq show {topic}")
    return advice


def _process(state: ProcessState) -> Process:
    alive = state.alive()
    uptime = time.time() - state.create_time if alive and state.create_time is not None else None
    return Process(
        state.name,
        state.kind,
        state.pid,
        alive,
        state.condition,
        state.restarts,
        uptime,
        state.log,
        state.detail,
    )
