"""Write what is generated from the contracts: ``python -m vtr.contracts.generate [--check]``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec
import yaml

from vtr import __version__
from vtr.contracts.asyncapi import asyncapi_document
from vtr.contracts.events import EVENTS
from vtr.contracts.jsonschema import event_schema, schema_file

_HERE = Path(__file__).resolve().parent
_ROOT = _HERE.parents[2]


def generated() -> dict[Path, str]:
    """Each generated file with the text it must hold."""
    files = {_HERE / "schemas" / schema_file(name): _json(event_schema(name)) for name in EVENTS}
    document = yaml.safe_dump(asyncapi_document(__version__), sort_keys=False, allow_unicode=True, width=110)
    files[_ROOT / "docs" / "reference" / "asyncapi.yaml"] = document
    return files


def _json(document: object) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when a file is out of date")
    check = parser.parse_args().check
    stale = [path for path, text in generated().items() if not path.exists() or path.read_text() != text]
    for path in stale:
        if check:
            sys.stderr.write(f"{path.relative_to(_ROOT)}: out of date\n")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(generated()[path])
    return 1 if check and stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
