"""The command line in a person's first hour: up, demo, status, down, with the default encoder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from vtr.local.ports import free_ports
from vtr.local.services import SERVICES

VTR = Path(sys.executable).with_name("vtr")


class CommandLine:
    """``vtr`` with a data folder and ports of its own."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        names = ["kafka", "kafka_controller", "redis", "milvus", *(spec.name for spec in SERVICES)]
        self.ports = [
            f"--port={name}={port}" for name, port in zip(names, free_ports(len(names)), strict=True)
        ]

    def __call__(self, *arguments: str, expect: int = 0, timeout_s: float = 240.0) -> str:
        """Standard output; fails with all that was printed when the exit code is not ``expect``."""
        env = {key: value for key, value in os.environ.items() if not key.startswith("VTR_")}
        cache = {key: value for key, value in os.environ.items() if key == "VTR_CACHE_DIR"}
        done = subprocess.run(
            [str(VTR), *arguments],
            env=env | cache | {"VTR_DATA_DIR": str(self.data_dir)},
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        assert done.returncode == expect, f"vtr {arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def json(self, *arguments: str, expect: int = 0) -> Any:
        return json.loads(self(*arguments, "--json", expect=expect))

    def processes(self) -> list[str]:
        """Processes that name the data folder in their arguments or environment."""
        found = []
        for process in psutil.process_iter(["cmdline"]):
            try:
                text = " ".join([*process.cmdline(), process.environ().get("VTR_OBJECTS__URI", "")])
            except psutil.Error:
                continue
            if str(self.data_dir) in text and process.pid != os.getpid():
                found.append(text)
        return found


@pytest.fixture(scope="module")
def vtr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    command = CommandLine(tmp_path_factory.mktemp("demo") / "data")
    command("up", "--detach", *command.ports)
    try:
        yield command
    finally:
        command("down", "--purge")


@pytest.mark.models
def test_the_demo_finds_the_right_videos_and_recommends(vtr: CommandLine) -> None:
    told = vtr.json("demo")
    assert told["right"] >= 2
    by_text = {query["text"]: query for query in told["queries"]}
    for text in ("a person riding a bicycle", "a rabbit"):
        query = by_text[text]
        assert query["right"], text
        first = query["results"]["hits"][0]
        assert Path(first["uri"]).name == query["expected"]
        assert first["t0_s"] <= first["moment"]["start_s"] < first["moment"]["end_s"] <= first["t1_s"]
        assert query["results"]["watermark"] is not None
    times = [video["upload_to_searchable_s"] for video in told["publish"]["videos"]]
    assert len(times) == 3
    assert all(seconds > 0 for seconds in times)
    watched = first_id(told, "bikes.mp4")
    items = told["recommendations"]["items"]
    assert items
    assert all(item["reason"] and item["video_id"] != watched for item in items)


def test_a_second_demo_replaces_instead_of_doubling(vtr: CommandLine) -> None:
    vtr("demo")
    before = vtr.json("search", "anything", "-k", "50", "--group-by", "clip")
    vtr("demo")
    after = vtr.json("search", "anything", "-k", "50", "--group-by", "clip")
    clips = [sorted(hit["clip_id"] for hit in answer["hits"]) for answer in (before, after)]
    assert clips[0] == clips[1]
    assert len(set(clips[0])) == len(clips[0])


def test_status_is_well_and_a_missing_video_has_its_exit_code(vtr: CommandLine) -> None:
    vtr("status")
    vtr("similar", "no-such-video", expect=6)


def test_down_leaves_no_process(vtr: CommandLine) -> None:
    assert vtr.processes()
    vtr("down")
    assert vtr.processes() == []


def first_id(told: Any, name: str) -> str:
    """The id under which the demo published a file."""
    query = next(query for query in told["queries"] if query["expected"] == name)
    return str(query["results"]["hits"][0]["video_id"])
