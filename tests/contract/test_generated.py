"""What is generated from the contracts is committed, and up to date."""

from __future__ import annotations

from pathlib import Path

import pytest

from vtr.contracts.asyncapi import asyncapi_document
from vtr.contracts.events import EVENTS
from vtr.contracts.generate import generated
from vtr.contracts.topics import load_topics


@pytest.mark.parametrize("path", generated(), ids=lambda path: path.name)
def test_a_generated_file_is_current(path: Path) -> None:
    assert path.read_text() == generated()[path], "run: python -m vtr.contracts.generate"


def test_asyncapi_names_each_topic_its_producers_and_consumers() -> None:
    document = asyncapi_document("1.2.3")
    assert document["info"]["version"] == "1.2.3"
    assert set(document["channels"]) == set(EVENTS)
    for name, topic in load_topics().items():
        for service in topic.producers:
            assert document["operations"][f"{service}.send.{name}"]["action"] == "send"
        for service in topic.consumers:
            operation = document["operations"][f"{service}.receive.{name}"]
            assert operation["bindings"]["kafka"]["groupId"]["const"] == f"vtr.{service}"
        for service in set(topic.readers) - set(topic.consumers):
            assert "bindings" not in document["operations"][f"{service}.receive.{name}"]


def test_every_reference_in_asyncapi_resolves() -> None:
    document = asyncapi_document("0")

    def references(node: object) -> list[str]:
        if isinstance(node, dict):
            here = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return here + [ref for value in node.values() for ref in references(value)]
        if isinstance(node, list):
            return [ref for item in node for ref in references(item)]
        return []

    found = references(document)
    assert found
    for reference in found:
        node: object = document
        for part in reference.removeprefix("#/").split("/"):
            assert isinstance(node, dict)
            assert part in node, reference
            node = node[part]
