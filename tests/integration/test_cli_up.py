"""Starting what cannot start: every reason at once, each with its fix, and nothing left behind."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vtr.cli.app import make_app
from vtr.cli.exit_codes import ExitCode
from vtr.local.ports import free_ports


@pytest.mark.parametrize("detach", [True, False], ids=["detached", "foreground"])
def test_taken_ports_are_all_told_with_their_fixes(tmp_path: Path, detach: bool) -> None:
    names = ["kafka", "kafka_controller", "redis", "milvus", "search", "ranking", "indexer", "text_encoder"]
    names += ["recommendation", "clip_encoder", "video_ingest"]
    numbers = dict(zip(names, free_ports(len(names)), strict=True))
    ports = [part for name, number in numbers.items() for part in ("--port", f"{name}={number}")]
    arguments = ["up", *ports, "--data-dir", str(tmp_path), "--json", *(["--detach"] if detach else [])]
    with socket.socket() as one, socket.socket() as two:
        for held, name in ((one, "redis"), (two, "search")):
            held.bind(("127.0.0.1", numbers[name]))
            held.listen()
        result = CliRunner().invoke(make_app(), arguments)
    assert result.exit_code == ExitCode.FAILED
    message = json.loads(result.stdout)["error"]["message"]
    for name in ("redis", "search"):
        assert f"port {numbers[name]} is taken" in message
    assert message.count("fix:") == 2
    assert "Traceback" not in result.stderr
