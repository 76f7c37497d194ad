"""Write ``docs/reference/cli.md`` from the commands themselves: ``python -m vtr.cli.reference [--check]``."""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

from typer.main import get_command

from vtr.cli.app import make_app
from vtr.cli.exit_codes import MEANING

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "cli.md"


def reference() -> str:
    """The page: every command with its help, arguments and options, then the exit codes."""
    root: Any = get_command(make_app())
    lines = ["# The `vtr` command", "", *_help(root), *_parameters(root)]
    for words, command in _commands(root, "vtr"):
        lines += [f"## `{words}`", "", *_help(command), *_parameters(command)]
    lines += ["## Exit codes", "", "| code | name | meaning |", "|---|---|---|"]
    lines += [f"| {int(code)} | {code.name} | {meaning} |" for code, meaning in MEANING.items()]
    return "\n".join(lines) + "\n"


def _commands(group: Any, words: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        yield f"{words} {name}", command
        if hasattr(command, "commands"):
            yield from _commands(command, f"{words} {name}")


def _help(command: Any) -> list[str]:
    """The help text as Markdown: what is indented there is what one types."""
    lines = inspect.cleandoc(command.help or "").splitlines()
    return [*(f"    {line.strip()}" if line.startswith("  ") else line for line in lines), ""]


def _parameters(command: Any) -> list[str]:
    rows = [_row(parameter) for parameter in command.params if not getattr(parameter, "hidden", False)]
    if not rows:
        return []
    return ["| parameter | default | meaning |", "|---|---|---|", *rows, ""]


def _row(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        name = f"`{parameter.name.upper()}`" + ("..." if parameter.nargs == -1 else "")
    else:
        name = ", ".join(f"`{option}`" for option in (*parameter.opts, *parameter.secondary_opts))
    default = parameter.default
    if parameter.required:
        shown = "required"
    elif default is True:
        shown = f"`{parameter.opts[0]}`"
    elif default in (None, "", False) or callable(default):
        shown = ""
    else:
        shown = f"`{default.value if isinstance(default, Enum) else default}`"
    meaning = " ".join((parameter.help or "").split())
    if isinstance(default, Enum):
        meaning += " One of " + ", ".join(f"`{choice.value}`" for choice in type(default)) + "."
    if variable := getattr(parameter, "envvar", None):
        meaning += f" Environment: `{variable}`."
    return f"| {name} | {shown} | {meaning.strip().replace('|', chr(92) + '|')} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when the page is out of date")
    check = parser.parse_args().check
    text = reference()
    if PAGE.exists() and PAGE.read_text() == text:
        return 0
    if check:
        sys.stderr.write(f"{PAGE}: out of date\n")
        return 1
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
