"""What a service says of its own health.

- ``/livez``: this process works. Fails only when a restart would help: a loop died, or stopped progressing
  while lag rises. Never depends on Kafka, Milvus or Redis being up.
- ``/readyz``: it can do its work now; names each dependency that does not answer.
- ``/healthz``: both in one document, for people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Protocol

CHECK_TIMEOUT_S = 2.0


class Watched(Protocol):
    """A loop as the probes see it."""

    name: str

    def failure(self) -> BaseException | None:
        """The error that ended the loop; None while it runs."""
        ...

    def stalled(self) -> str | None:
        """Why the loop counts as stuck; None while it progresses or has nothing to do."""
        ...


class Health:
    """Evaluates a service's loops and ready checks."""

    def __init__(self, loops: Sequence[Watched], ready_checks: Mapping[str, Callable[[], None]]) -> None:
        self._loops = loops
        self._checks = dict(ready_checks)
        self._pool = ThreadPoolExecutor(max_workers=max(1, len(self._checks)), thread_name_prefix="ready")
        self.started = False
        self.stopping = False

    def live(self) -> dict[str, str]:
        """Faults that a restart would cure, by loop; empty when alive."""
        faults: dict[str, str] = {}
        for loop in self._loops:
            if (error := loop.failure()) is not None:
                faults[loop.name] = f"{type(error).__name__}: {error}"
            elif (reason := loop.stalled()) is not None:
                faults[loop.name] = reason
        return faults

    def ready(self) -> dict[str, str]:
        """What keeps the service from doing its work, by dependency; empty when ready."""
        if self.stopping:
            return {"service": "is stopping"}
        if not self.started:
            return {"service": "is starting"}
        faults = self.live()
        pending = {name: self._pool.submit(check) for name, check in self._checks.items()}
        for name, future in pending.items():
            try:
                future.result(timeout=CHECK_TIMEOUT_S)
            except FutureTimeoutError:
                faults[name] = f"no answer within {CHECK_TIMEOUT_S:g} s"
            except Exception as error:  # noqa: BLE001  (a check may fail in any way; all mean not ready)
                faults[name] = f"{type(error).__name__}: {error}"
        return faults

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
