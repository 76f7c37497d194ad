"""Every committed example keeps its promise; examples are append-only, as records in old topics are."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from vtr.contracts.codec import DecodeError, decode, encode
from vtr.contracts.events import EVENTS
from vtr.contracts.jsonschema import event_schema

EXAMPLES = Path(str(resources.files("vtr.contracts").joinpath("examples")))
VALID = sorted(EXAMPLES.glob("*/*.json"))
INVALID = sorted(EXAMPLES.glob("*/invalid/*.json"))


def _name(path: Path) -> str:
    return str(path.relative_to(EXAMPLES))


@pytest.mark.parametrize("path", VALID, ids=_name)
def test_an_example_decodes_and_round_trips(path: Path) -> None:
    event = decode(path.parent.name, path.read_bytes())
    assert decode(path.parent.name, encode(event)) == event


@pytest.mark.parametrize("path", VALID, ids=_name)
def test_an_example_and_what_we_write_fulfil_the_schema(path: Path) -> None:
    schema = event_schema(path.parent.name)
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    validator.validate(json.loads(path.read_text()))
    validator.validate(json.loads(encode(decode(path.parent.name, path.read_bytes()))))


@pytest.mark.parametrize("path", VALID, ids=_name)
def test_nothing_of_an_example_is_lost(path: Path) -> None:
    """A field renamed or dropped in code would vanish silently, since unknown fields are ignored."""
    before = json.loads(path.read_text())
    after = json.loads(encode(decode(path.parent.name, path.read_bytes())))
    assert _missing(before, after) == []


def _missing(before: Any, after: Any, where: str = "$") -> list[str]:
    if isinstance(before, dict):
        if not isinstance(after, dict):
            return [where]
        return [
            fault
            for key, value in before.items()
            for fault in (
                [f"{where}.{key}"] if key not in after else _missing(value, after[key], f"{where}.{key}")
            )
        ]
    if isinstance(before, list):
        return [
            fault
            for i, (b, a) in enumerate(zip(before, after, strict=True))
            for fault in _missing(b, a, f"{where}[{i}]")
        ]
    return []


@pytest.mark.parametrize("path", INVALID, ids=_name)
def test_a_bad_value_is_refused_and_the_field_is_named(path: Path) -> None:
    case = json.loads(path.read_text())
    with pytest.raises(DecodeError) as caught:
        decode(path.parent.parent.name, msgspec.json.encode(case["value"]))
    assert case["says"] in str(caught.value)


@pytest.mark.parametrize("event_type", EVENTS)
def test_each_event_has_a_minimal_and_a_full_example(event_type: str) -> None:
    """Minimal ones hold exactly the required fields: a new required field would break an old record."""
    minimal = json.loads((EXAMPLES / event_type / "minimal.json").read_text())
    full = json.loads((EXAMPLES / event_type / "full.json").read_text())
    fields = msgspec.structs.fields(EVENTS[event_type])
    required = {field.encode_name for field in fields if field.required}
    # a query is by text or by example, which the types alone cannot say
    either = {"text"} if event_type == "vtr.query.submitted.v1" else set()
    assert set(minimal) == required | either
    assert set(full) == {field.encode_name for field in fields}


def test_a_newer_producer_does_not_break_an_older_consumer() -> None:
    value = json.loads((EXAMPLES / "vtr.video.submitted.v1" / "minimal.json").read_text())
    value["a_field_of_tomorrow"] = {"nested": [1, 2]}
    assert decode("vtr.video.submitted.v1", msgspec.json.encode(value)).key == "default/bikes"
