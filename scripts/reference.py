"""Write docs/reference/{settings,metrics}.md from the code: ``python scripts/reference.py [--check]``.

It stands outside the library because it imports every service's settings, which the library must not.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from prometheus_client.metrics import MetricWrapperBase
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings
from typer.main import get_command

from vtr.cli.app import make_app
from vtr.cli.context import Addresses
from vtr.observability import metrics
from vtr.runtime.settings import ServiceSettings

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference"


@dataclass(frozen=True)
class Setting:
    """One environment variable."""

    name: str
    default: str
    meaning: str


# --- Settings ----------------------------------------------------------------------------------------


def services() -> dict[str, type[BaseSettings]]:
    """The settings class of each service that has one, by name."""
    found: dict[str, type[BaseSettings]] = {}
    for path in sorted((ROOT / "services").glob("*/settings.py")):
        name = path.parent.name
        module = importlib.import_module(f"{name}.settings")
        own = [
            each
            for each in vars(module).values()
            if isinstance(each, type)
            and issubclass(each, BaseSettings)
            and each.__module__ == module.__name__
        ]
        if len(own) != 1:
            raise SystemExit(f"{path}: wants one settings class, has {len(own)}")
        found[name] = own[0]
    return found


def settings(owner: type[BaseSettings]) -> list[Setting]:
    """Every environment variable that a settings class reads."""
    prefix = owner.model_config.get("env_prefix", "")
    nested = owner.model_config.get("env_nested_delimiter") or "__"
    return list(_walk(owner.model_fields, None, prefix, nested))


def _walk(
    fields: dict[str, FieldInfo], values: BaseModel | None, prefix: str, nested: str
) -> Iterator[Setting]:
    for name, field in fields.items():
        default = field.get_default(call_default_factory=True) if values is None else getattr(values, name)
        variable = prefix + name.upper()
        if isinstance(default, BaseModel):
            yield from _walk(type(default).model_fields, default, variable + nested, nested)
        else:
            meaning = " ".join([field.description or "", _choices(field.annotation)]).strip()
            yield Setting(variable, _shown(default), meaning)


def _choices(annotation: Any) -> str:
    options = [annotation, *get_args(annotation)]
    for option in options:
        if get_origin(option) is Literal:
            return "One of " + ", ".join(f"`{choice}`" for choice in get_args(option)) + "."
    return ""


def _shown(default: Any) -> str:
    if default is PydanticUndefined:
        return "required"
    if default is None:
        return ""
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if isinstance(default, Path):  # the temporary folder is the machine's
        text = str(default)
        return "`" + text.replace(tempfile.gettempdir(), "<temporary folder>", 1) + "`"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, (list, tuple)):
        return f"`{json.dumps(default, default=str)}`"
    if isinstance(default, Enum):
        default = default.value
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def command_variables() -> list[Setting]:
    """What the command itself reads, beside the addresses of a stack."""
    found: dict[str, Setting] = {}

    def visit(command: Any) -> None:
        for parameter in command.params:
            if variable := getattr(parameter, "envvar", None):
                found.setdefault(variable, Setting(variable, "", parameter.help or ""))
        for each in getattr(command, "commands", {}).values():
            visit(each)

    visit(get_command(make_app()))
    cache = Setting(
        "VTR_CACHE_DIR", "`~/.cache/vtr`", "Where the jars of Kafka and other downloads are kept."
    )
    return [*(found[name] for name in sorted(found)), cache]


def settings_page() -> str:
    """docs/reference/settings.md."""
    shared = settings(ServiceSettings)
    addresses = ", ".join(
        f"`{each.name}`"
        for each in settings(Addresses)
        if each.name.endswith("_URL") and "__" not in each.name
    )
    known = {setting.name: setting for setting in shared}
    lines = [
        "# Settings",
        "",
        "Everything is read from environment variables. Two underscores lead into a group; lists are JSON.",
        "A service that is started with a wrong value says which one, and why, and ends with code 2.",
        "Written by `python scripts/reference.py` from the settings classes; the services' READMEs say more.",
        "",
        "## Every service",
        "",
        *_table(shared),
    ]
    for name, owner in services().items():
        own = [setting for setting in settings(owner) if known.get(setting.name) != setting]
        beside = "Beside those of every service, or with another default:"
        lines += [f"## {name}", "", beside if issubclass(owner, ServiceSettings) else "Of its own:", ""]
        lines += _table(own)
    lines += [
        "## The `vtr` command",
        "",
        "Addresses (`VTR_KAFKA__...`, `VTR_REDIS__URL`, `VTR_MILVUS__...`, and those of the services,",
        f"{addresses})",
        "overrule those of the laptop stack that it finds running. Of its own it reads:",
        "",
        *_table(command_variables()),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _table(rows: list[Setting]) -> list[str]:
    head = ["| variable | default | meaning |", "|---|---|---|"]
    return [*head, *(f"| `{row.name}` | {row.default} | {_cell(row.meaning)} |" for row in rows), ""]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


# --- Metrics -----------------------------------------------------------------------------------------

_SUFFIX = {"counter": "_total", "info": "_info"}


def declared_metrics() -> list[MetricWrapperBase]:
    """The metrics of vtr.observability.metrics, in the order of that file."""
    return [each for each in vars(metrics).values() if isinstance(each, MetricWrapperBase)]


def metric_name(metric: MetricWrapperBase) -> str:
    """The name as Prometheus sees it; a histogram has ``_bucket``, ``_sum`` and ``_count`` of it."""
    return str(metric._name) + _SUFFIX.get(str(metric._type), "")


def metrics_page() -> str:
    """docs/reference/metrics.md."""
    lines = [
        "# Metrics",
        "",
        "Each service answers `GET /metrics` in the Prometheus text format, on the port of its probes.",
        "A metric with labels that a service never touches has no series there. Written by",
        "`python scripts/reference.py` from `shared/vtr/observability/metrics.py`.",
        "",
        "| metric | type | labels | meaning |",
        "|---|---|---|---|",
    ]
    for metric in declared_metrics():
        labels = ", ".join(f"`{label}`" for label in metric._labelnames)
        row = (f"`{metric_name(metric)}`", str(metric._type), labels, _cell(metric._documentation))
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines) + "\n"


def generated() -> dict[Path, str]:
    """Each page with the text it must hold."""
    return {REFERENCE / "settings.md": settings_page(), REFERENCE / "metrics.md": metrics_page()}


def main() -> int:
    """Write the pages, or say which are out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when a page is out of date")
    check = parser.parse_args().check
    stale = {
        path: text for path, text in generated().items() if not path.exists() or path.read_text() != text
    }
    for path, text in stale.items():
        if check:
            sys.stderr.write(f"{path.relative_to(ROOT)}: out of date; run: python scripts/reference.py\n")
        else:
            path.write_text(text)
    return 1 if check and stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
