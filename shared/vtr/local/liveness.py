"""Whether a service that runs also lives: its ``/livez``, asked again and again."""

from __future__ import annotations

from collections.abc import Callable

import httpx

# A probe may wait behind a batch that holds the interpreter; a service that is merely busy answers in time.
TIMEOUT_S = 10.0


class LivenessWatch:
    """Counts the probes that failed in a row.

    ``probe`` raises when the service is not live; its message is the reason. One success forgets
    all failures.
    """

    def __init__(self, probe: Callable[[], None], every_s: float, failures: int) -> None:
        self._probe, self._every_s, self._failures = probe, every_s, failures
        self.reset(0.0)

    def reset(self, now_s: float) -> None:
        """Begin anew, as after a restart; the next probe is due one interval from now (monotonic seconds)."""
        self._due_s = now_s + self._every_s
        self._failed = 0

    def fault(self, now_s: float) -> str | None:
        """Probe if it is due. Gives the last reason once so many probes in a row have failed, else None."""
        if now_s < self._due_s:
            return None
        self._due_s = now_s + self._every_s
        try:
            self._probe()
        except Exception as error:  # noqa: BLE001  (whatever keeps the probe from its answer is a failure)
            self._failed += 1
            return str(error) or type(error).__name__ if self._failed >= self._failures else None
        self._failed = 0
        return None


def livez(url: str) -> Callable[[], None]:
    """A probe of the service at ``url``; raises with what it says when it is not live, or does not answer."""

    def probe() -> None:
        try:
            answer = httpx.get(f"{url}/livez", timeout=TIMEOUT_S, trust_env=False)
        except httpx.TimeoutException:
            raise RuntimeError(f"/livez does not answer within {TIMEOUT_S:g} s") from None
        except httpx.HTTPError as error:
            raise RuntimeError(f"/livez does not answer: {error}") from error
        if answer.status_code != httpx.codes.OK:
            raise RuntimeError(f"/livez says {answer.status_code}: {answer.text[:300]}")

    return probe
