"""Options that mean the same in every command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

JSON_META = "vtr.json"
"""Key under which the invocation remembers ``--json``, so that a failure is printed as JSON too."""


def _remember_json(context: typer.Context, value: bool) -> bool:
    context.meta[JSON_META] = value
    return value


JsonOption = Annotated[
    bool,
    typer.Option(
        "--json", help="Print one JSON document to stdout; progress to stderr.", callback=_remember_json
    ),
]
DataDirOption = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        envvar="VTR_DATA_DIR",
        help="Where the laptop stack keeps its data and says where it runs.",
        show_default=False,
    ),
]
TenantOption = Annotated[
    str, typer.Option("--tenant", envvar="VTR_TENANT", help="Whose videos, queries and people these are.")
]
TimeoutOption = Annotated[float, typer.Option("--timeout", min=0.1, help="How long to wait, in seconds.")]
