"""Waiting out a transient fault: exponential backoff with jitter, without end, interruptible.

Built on tenacity, which stamina wraps too; stamina's own sleep cannot be interrupted by a revoke or stop.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import tenacity

from vtr.contracts.step import Unavailable
from vtr.runtime.settings import ConsumerSettings

T = TypeVar("T")


def until_available(
    work: Callable[[], T],
    settings: ConsumerSettings,
    abandon: threading.Event,
    waiting: Callable[[Unavailable, float], None],
) -> T:
    """The result of ``work``, repeated for as long as it raises :class:`Unavailable`.

    ``waiting`` is told the fault and the wait in seconds before each pause. Once ``abandon`` is set, the last
    :class:`Unavailable` is raised; a wait in progress ends at once.
    """

    def before_sleep(state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, Unavailable) and state.next_action is not None:
            waiting(error, state.next_action.sleep)

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(Unavailable),
        wait=tenacity.wait_random_exponential(
            multiplier=settings.retry_initial_s, max=settings.retry_max_s, min=settings.retry_initial_s / 2
        ),
        stop=tenacity.stop_when_event_set(abandon),
        sleep=tenacity.sleep_using_event(abandon),
        before_sleep=before_sleep,
        reraise=True,
    )
    return retrying(work)
