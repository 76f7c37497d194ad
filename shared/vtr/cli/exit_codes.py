"""What the exit code of ``vtr`` tells a script. Codes never change their meaning."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of every command; :data:`MEANING` says each in words."""

    OK = 0
    FAILED = 1
    USAGE = 2
    PARTIAL = 3
    NOT_REACHABLE = 4
    TIMED_OUT = 5
    NOT_FOUND = 6
    INTERRUPTED = 130


MEANING: dict[ExitCode, str] = {
    ExitCode.OK: "Everything asked for was done. An answer without hits is an answer, and is 0 too.",
    ExitCode.FAILED: "It was tried and failed; for `vtr status`, something is unhealthy.",
    ExitCode.USAGE: "The command line or a file given on it is wrong; nothing was done.",
    ExitCode.PARTIAL: "Some of it was done, some failed: the output says which.",
    ExitCode.NOT_REACHABLE: "Kafka or a service does not answer, or no stack is running.",
    ExitCode.TIMED_OUT: "It was started, but was not finished in the time given. It may still finish.",
    ExitCode.NOT_FOUND: "What was named (a video, a person, a topic, a dead letter) does not exist.",
    ExitCode.INTERRUPTED: "Ctrl-C. What was already published stays published.",
}
