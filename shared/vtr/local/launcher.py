"""Start a program that dies with its supervisor: ``python -I -S launcher.py SUPERVISOR_PID program args...``.

Run as a file by a bare interpreter, which then becomes the program (exec), so it costs no process. It asks
Linux to send SIGKILL when the parent dies (prctl(2), PR_SET_PDEATHSIG) and gives signals their default
action: a shell that starts a job with ``&`` makes it ignore SIGINT, and that would be inherited.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Become the program named by the arguments."""
    supervisor, program = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"prctl(PR_SET_PDEATHSIG): {os.strerror(number)}")
        if os.getppid() != supervisor:  # it died before the request stood
            raise SystemExit(1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvp(program[0], program)  # noqa: S606  (the whole point)
    except OSError as error:
        raise SystemExit(f"{program[0]}: {error.strerror}") from None


if __name__ == "__main__":
    main()
