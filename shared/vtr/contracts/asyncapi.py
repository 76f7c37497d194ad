"""The AsyncAPI 3.0 document of all topics, generated from the contracts."""

from __future__ import annotations

from typing import Any

from vtr.contracts.events import EVENTS
from vtr.contracts.jsonschema import event_schema
from vtr.contracts.topics import consumer_group, load_topics

_HEADERS: dict[str, Any] = {
    "type": "object",
    "required": ["ce_id", "ce_type", "ce_source", "ce_time", "ce_specversion"],
    "properties": {
        "ce_id": {"type": "string"},
        "ce_type": {"type": "string"},
        "ce_source": {"type": "string"},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_specversion": {"const": "1.0"},
        "ce_tenant": {"type": "string"},
        "traceparent": {"type": "string", "description": "W3C Trace Context"},
    },
}


def asyncapi_document(version: str) -> dict[str, Any]:
    """Channels, messages and operations for every topic; ``version`` is vtr's own."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for name, topic in load_topics().items():
        schema = event_schema(name)
        for shared, definition in schema.pop("$defs", {}).items():
            schemas[shared] = _rebase(definition)
        schema.pop("$schema")
        messages[name] = {
            "name": EVENTS[name].__name__,
            "contentType": "application/json",
            "headers": _HEADERS,
            "payload": _rebase(schema),
        }
        channels[name] = {
            "address": name,
            "description": topic.says,
            "messages": {name: {"$ref": f"#/components/messages/{name}"}},
            "bindings": {
                "kafka": {
                    "topic": name,
                    "partitions": topic.partitions,
                    "topicConfiguration": {
                        "cleanup.policy": [topic.cleanup],
                        "max.message.bytes": topic.max_message_bytes,
                    },
                }
            },
        }
        for action, services in (("send", topic.producers), ("receive", topic.receivers)):
            for service in services:
                operation: dict[str, Any] = {"action": action, "channel": {"$ref": f"#/channels/{name}"}}
                if action == "receive" and service in topic.consumers:
                    operation["bindings"] = {"kafka": {"groupId": {"const": consumer_group(service)}}}
                operations[f"{service}.{action}.{name}"] = operation
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "vtr", "version": version, "description": "Video-text retrieval over Kafka."},
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": schemas},
    }


def _rebase(node: Any) -> Any:
    """Point ``#/$defs/X`` at the document's shared schemas."""
    if isinstance(node, dict):
        return {
            key: value.replace("#/$defs/", "#/components/schemas/")
            if key == "$ref" and isinstance(value, str)
            else _rebase(value)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_rebase(item) for item in node]
    return node
