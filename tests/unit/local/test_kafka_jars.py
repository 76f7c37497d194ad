"""The check of the broker's jars, on small files with a list of their own."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from vtr.local import kafka_jars


@pytest.fixture
def jars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    contents = {"a.jar": b"first", "b.jar": b"second"}
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    listed = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    monkeypatch.setattr(kafka_jars, "expected", lambda: listed)
    return tmp_path


def test_whole_jars_pass_twice(jars: Path) -> None:
    assert [path.name for path in kafka_jars.verify(jars)] == ["a.jar", "b.jar"]
    assert [path.name for path in kafka_jars.verify(jars)] == ["a.jar", "b.jar"]


def test_a_jar_changed_after_the_first_check_is_refused(jars: Path) -> None:
    kafka_jars.verify(jars)
    (jars / "b.jar").write_bytes(b"sec0nd")  # same size
    os.utime(jars / "b.jar", ns=(1, 1))
    with pytest.raises(kafka_jars.JarsError, match=r"b\.jar has SHA-256 .* expected"):
        kafka_jars.verify(jars)


def test_a_missing_jar_is_named(jars: Path) -> None:
    (jars / "a.jar").unlink()
    with pytest.raises(kafka_jars.JarsError, match=r"a\.jar is missing"):
        kafka_jars.verify(jars)


def test_a_jar_that_is_not_listed_is_not_used(jars: Path) -> None:
    (jars / "evil.jar").write_bytes(b"")
    assert "evil.jar" not in [path.name for path in kafka_jars.verify(jars)]


def test_a_damaged_stamp_only_costs_a_new_check(jars: Path) -> None:
    (jars / "verified.json").write_text("{")
    assert len(kafka_jars.verify(jars)) == 2


def test_the_committed_list_is_of_the_version_started() -> None:
    listed = kafka_jars.expected()
    assert f"kafka_2.13-{kafka_jars.KAFKA_VERSION}.jar" in listed
    assert all(len(digest) == 64 for digest in listed.values())
