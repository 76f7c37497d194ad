"""The JSON Schema of each event, made from its types and committed under ``schemas/``."""

from __future__ import annotations

from typing import Any

import msgspec

from vtr.contracts.events import EVENTS

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_file(event_type: str) -> str:
    """The file name of an event's schema: ``vtr.clip.encoded.v1`` -> ``clip.encoded.v1.schema.json``."""
    return f"{event_type.removeprefix('vtr.')}.schema.json"


def event_schema(event_type: str) -> dict[str, Any]:
    """The draft 2020-12 schema of an event, with every type it uses under ``$defs``."""
    event = EVENTS[event_type]
    schema = msgspec.json.schema(event)
    doc = " ".join((event.__doc__ or "").split("\n\n")[0].split())
    return {"$schema": DIALECT, "$id": f"urn:vtr:{event_type}", "title": event_type, "description": doc} | {
        key: value for key, value in schema.items() if key not in {"title", "description"}
    }
