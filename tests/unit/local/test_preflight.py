"""Preflight: each problem says what, why and how to fix it, and all come at once."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from vtr.local import preflight
from vtr.local.preflight import PreflightError, Problem


def _program(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_no_java_names_the_package_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (problem,) = preflight.java()
    assert "no java in PATH" in problem.what
    assert "openjdk-17" in problem.fix


@pytest.mark.parametrize(
    ("banner", "too_old"),
    [
        ('openjdk version "1.8.0_402"', "Java 8"),
        ('openjdk version "11.0.22" 2024-01-16', "Java 11"),
        ('java version "17.0.15" 2025-04-15 LTS', None),
        ('openjdk version "25" 2025-09-16', None),
        ('openjdk version "24-ea" 2025-03-18', None),
    ],
)
def test_java_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, banner: str, too_old: str | None
) -> None:
    _program(tmp_path, "java", f"echo '{banner}' >&2")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin")
    found = [problem.what for problem in preflight.java()]
    assert [too_old in what for what in found] == [True] if too_old else found == []


def test_a_java_that_fails_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(tmp_path, "java", "exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin")
    (problem,) = preflight.java()
    assert "does not run" in problem.what


def test_missing_program_and_package() -> None:
    (program,) = preflight.command("no-such-program", why="because", fix="install it")
    assert program == Problem("no-such-program is not installed (not in PATH)", "because", "install it")
    (package,) = preflight.python_package("no_such_package.part", why="because", extra="local")
    assert package.fix == "pip install 'vtr[local]'"
    assert preflight.python_package("json", why="", extra="") == []


def test_taken_port_names_its_owner() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        (problem,) = preflight.port(number, "Kafka", "give another port")
        assert f"port {number} is taken" in problem.what
        assert f"pid {os.getpid()}" in problem.what
        assert "give another port" in problem.fix
    assert preflight.port(number, "Kafka", "") == []


def test_a_port_taken_on_all_addresses_is_taken() -> None:
    with socket.create_server(("", 0)) as server:
        assert preflight.port(server.getsockname()[1], "Kafka", "") != []


def test_disk_floor_looks_at_the_nearest_folder_that_exists(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there" / "yet"
    assert preflight.disk(folder, floor_bytes=1) == []
    (problem,) = preflight.disk(folder, floor_bytes=1 << 60)
    assert str(folder) in problem.what
    assert "VTR_DATA_DIR" in problem.fix


@pytest.mark.parametrize("address", ["127.0.0.1:1", "", "127.0.0.1:notaport"])
def test_given_address_that_does_not_answer(address: str) -> None:
    (problem,) = preflight.reachable("Kafka", address, 9092)
    assert repr(address) in problem.what


def test_given_address_that_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert preflight.reachable("Redis", f"127.0.0.1:{server.getsockname()[1]}", 6379) == []


def test_all_problems_are_told_at_once_and_once_each() -> None:
    one, two = Problem("no tea", "thirst", "boil water"), Problem("no bread", "hunger", "bake")
    with pytest.raises(PreflightError) as caught:
        preflight.require([one, two, one])
    assert caught.value.problems == (one, two)
    for part in ("2 things", "no tea", "thirst", "boil water", "no bread", "bake"):
        assert part in str(caught.value)
    preflight.require([])
