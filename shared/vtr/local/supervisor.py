"""The process that holds a stack: in the foreground, or detached as ``python -m vtr.local.supervisor``.

Detached, it reads its configuration as JSON from standard input: no password stands on a command line.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

from vtr.local.config import StackConfig
from vtr.local.logs import LogView
from vtr.local.stack import Stack

EXIT_OK = 0
EXIT_FAILED = 1


class Stopped(BaseException):
    """A signal asked to stop while the stack was still starting."""


def run(
    config: StackConfig,
    write: Callable[[str], None],
    *,
    follow_logs: bool = True,
    colour: bool = True,
    on_ready: Callable[[Stack], None] | None = None,
) -> int:
    """Start a stack, hold it until SIGINT or SIGTERM, stop it. Call from the main thread.

    ``write`` takes the lines of the supervisor and, with ``follow_logs``, of all processes. Returns 0 when it
    was stopped as asked; raises what ``Stack.start`` raises. A PreflightError is the caller's to print.
    """
    stop = threading.Event()
    started = False

    def asked(_number: int, _frame: FrameType | None) -> None:
        first = not stop.is_set()
        stop.set()
        if first and not started:
            raise Stopped

    # SIGHUP is a closed terminal; under nohup it is ignored and stays so.
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    previous = {number: signal.signal(number, asked) for number in numbers}
    stack = Stack(config, say=lambda line: write(f"vtr: {line}"))
    ended = threading.Event()
    follower: threading.Thread | None = None
    if follow_logs:
        view = LogView(stack.logs, write, colour=colour)
        follower = threading.Thread(target=view.follow, args=(ended,), name="log", daemon=True)
        follower.start()
    try:
        stack.start()
        started = True
        if on_ready is not None:
            on_ready(stack)
        while not stop.wait(1.0):
            pass
        stack.stop()
    except Stopped:
        write("vtr: stopped before it was ready")
    finally:
        ended.set()
        if follower is not None:
            follower.join(timeout=5.0)
        for number, handler in previous.items():
            signal.signal(number, handler)
    return EXIT_OK


def main() -> int:
    """The detached supervisor; its standard output is its log."""
    config = StackConfig.model_validate_json(sys.stdin.buffer.read())

    def write(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    try:
        return run(config, write, follow_logs=False)
    except Exception as error:  # noqa: BLE001  (the reason stands in the state file; the log has it too)
        write(f"vtr: {error}")
        return EXIT_FAILED


if __name__ == "__main__":
    raise SystemExit(main())
