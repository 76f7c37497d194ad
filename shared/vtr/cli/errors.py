"""Failures as people see them: what went wrong, what to do, and the exit code for scripts."""

from __future__ import annotations

from typing import Any

from vtr.cli.exit_codes import ExitCode


class CliError(Exception):
    """A failure with a message for people, the next step for them (``fix``) and an exit code."""

    def __init__(self, message: str, *, code: ExitCode = ExitCode.FAILED, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.fix = fix

    def document(self) -> dict[str, Any]:
        """The failure as ``--json`` prints it."""
        return {
            "error": {
                "exit_code": int(self.code),
                "kind": self.code.name.lower().replace("_", "-"),
                "message": self.message,
                "fix": self.fix,
            }
        }


def usage_error(message: str, fix: str = "") -> CliError:
    return CliError(message, code=ExitCode.USAGE, fix=fix)


def not_reachable(what: str, address: str, reason: str) -> CliError:
    """``what`` does not answer at ``address``."""
    return CliError(
        f"{what} does not answer at {address}: {reason}",
        code=ExitCode.NOT_REACHABLE,
        fix="Start the laptop stack with `vtr up --detach`, see `vtr status`, or point "
        "VTR_KAFKA__BOOTSTRAP_SERVERS and the VTR_*_URL variables at a running one.",
    )


def describe(error: BaseException) -> CliError:
    """Any exception as a :class:`CliError`; known kinds get the exit code that they deserve."""
    from vtr.contracts.step import Rejected, Unavailable

    if isinstance(error, CliError):
        return error
    if isinstance(error, Unavailable):
        return CliError(
            str(error),
            code=ExitCode.NOT_REACHABLE,
            fix=f"Is {error.dependency} up? See `vtr status`; start the laptop stack with `vtr up --detach`.",
        )
    if isinstance(error, Rejected):
        code = ExitCode.NOT_FOUND if error.code.endswith("not-found") else ExitCode.FAILED
        return CliError(error.message, code=code)
    if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("vtr"):
        return CliError(
            f"the Python package {error.name!r} is not installed, and this command needs it",
            fix="Install everything with `make install`, or `pip install 'vtr[all]'`.",
        )
    if isinstance(error, OSError) and error.filename is not None:
        return CliError(f"{error.filename}: {error.strerror}")
    return CliError(
        f"{type(error).__name__}: {error}", fix="Run it again as `vtr --debug ...` to see where it broke."
    )
