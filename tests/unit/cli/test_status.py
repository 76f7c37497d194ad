from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from vtr.cli.output import Output
from vtr.cli.probes import EngineHealth, Group, KafkaReport, ServiceHealth, Watermark, watermark_of
from vtr.cli.status import Process, Report, advise, healthy
from vtr.cli.status_view import show_report


def report(**more: Any) -> Report:
    fields: dict[str, Any] = {
        "ok": True,
        "data_dir": Path("/data"),
        "stack": "ready",
        "engines": [EngineHealth(name, f"{name}:1", ok=True) for name in ("kafka", "redis", "milvus")],
        "services": [ServiceHealth("indexer", "http://i", live=True, ready=True)],
        "processes": [process()],
        "kafka": KafkaReport(groups={"vtr.indexer": Group(lag=0, members=1, state="Stable")}),
        "watermark": Watermark(None, None),
        "collections": [],
    }
    return Report(**(fields | more))


def process(**more: Any) -> Process:
    fields: dict[str, Any] = {
        "name": "indexer",
        "kind": "service",
        "pid": 7,
        "alive": True,
        "condition": "ready",
        "restarts": 0,
        "uptime_s": 3.0,
        "log": Path("/data/logs/indexer.log"),
        "detail": None,
    }
    return Process(**(fields | more))


def test_a_stack_with_all_parts_up_is_healthy_whatever_its_lag_and_dead_letters() -> None:
    groups = {"vtr.indexer": Group(lag=1000, members=1, state="Stable")}
    busy = report(kafka=KafkaReport(groups=groups, dead_letters={"x.dlq": 2}))
    assert healthy(busy)
    assert advise(busy) == ["2 dead letters wait. See why: vtr dlq show x.dlq"]


def test_each_illness_is_told_with_what_to_do() -> None:
    service = ServiceHealth("indexer", "http://i", live=True, ready=False, faults={"milvus": "gone"})
    kafka_down = [EngineHealth("kafka", "k:1", ok=False, fault="refused")]
    for ill, said in (
        (report(engines=kafka_down), "kafka at k:1"),
        (report(services=[service]), "indexer is not ready; see /data/logs/indexer.log"),
        (report(processes=[process(condition="crash-looping", detail="signal SIGKILL")]), "again and again"),
        (report(kafka=KafkaReport(missing_topics=["t"])), "vtr topics apply"),
        (report(kafka=KafkaReport(groups={"g": Group(lag=3, members=0, state="Empty")})), "no member"),
    ):
        assert not healthy(ill)
        assert any(said in line for line in advise(ill)), (said, advise(ill))


def test_a_group_that_could_not_be_measured_is_not_called_abandoned() -> None:
    assert healthy(report(kafka=KafkaReport(groups={"g": Group()})))


def test_the_watermark_is_the_least_of_the_partitions() -> None:
    early = datetime.now(UTC) - timedelta(seconds=60)
    late = datetime.now(UTC)
    mark = watermark_of([late.isoformat().encode(), early.isoformat().encode()])
    assert mark.at == early
    assert mark.age_s is not None
    assert mark.age_s >= 60
    assert watermark_of([]) == Watermark(None, None)


def test_what_services_say_is_never_read_as_markup() -> None:
    service = ServiceHealth("indexer", "http://i", faults={"milvus": "[red]x[/nope]\x1b[2J"})
    file = io.StringIO()
    console = Console(file=file, width=120, highlight=False)
    show_report(report(services=[service], ok=False), Output(as_json=False, out=console, err=console))
    assert "milvus: [red]x[/nope]" in file.getvalue()
    assert "\x1b" not in file.getvalue()
