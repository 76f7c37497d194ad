"""The command group that turns every failure into a message, a next step and an exit code."""

from __future__ import annotations

import sys
import traceback
from typing import Any

import typer
from typer.core import TyperGroup

from vtr.cli.errors import CliError, describe
from vtr.cli.exit_codes import ExitCode
from vtr.cli.options import JSON_META
from vtr.cli.output import Output, write_json

DEBUG_META = "vtr.debug"


class GuardedGroup(TyperGroup):
    """No traceback reaches a person unless ``--debug`` asks for it."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            Output(as_json=False).note("interrupted; what was published stays published")
            raise typer.Exit(ExitCode.INTERRUPTED) from None
        except BrokenPipeError:
            # The reader (`| head`) has left; there is nobody to tell, and the interpreter's own flush of
            # stdout at exit would complain.
            sys.stdout = None
            raise typer.Exit(ExitCode.OK) from None
        except Exception as error:
            if _is_typers_own(error):
                raise
            if ctx.meta.get(DEBUG_META):
                traceback.print_exception(error)
            self._report(describe(error), as_json=bool(ctx.meta.get(JSON_META)))
            raise typer.Exit(describe(error).code) from None

    @staticmethod
    def _report(error: CliError, *, as_json: bool) -> None:
        output = Output(as_json=as_json)
        first, *more = error.message.splitlines() or [""]
        output.note(f"error: {first}", "bold red")
        for line in (*more, *error.fix.splitlines()):
            output.note(f"  {line}", "")
        if as_json:
            write_json(error.document())


def _is_typers_own(error: Exception) -> bool:
    """Usage errors, aborts and exits: typer prints and codes them itself (usage is 2)."""
    return type(error).__module__.startswith(("typer", "click"))
