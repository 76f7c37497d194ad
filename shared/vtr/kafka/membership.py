"""Notices that the group has forgotten this member, and joins again.

kafka-python (3.0.12) heartbeats in a coroutine that ends with the first error it cannot place. ``poll``
raises that error once and then starts the coroutine again only when it has to rejoin anyway, which it would
learn from a heartbeat: the broker drops the member, and the client polls on, fast and in vain.
"""

from __future__ import annotations

from typing import Any

from kafka.coordinator.base import MemberState

from vtr.observability.logging import get_logger

_log = get_logger(__name__)


class MembershipGuard:
    """Asks for a rejoin once no heartbeat was answered for a whole session. For the poll thread only."""

    def check(self, consumer: Any) -> bool:
        """Whether a rejoin was asked for; the next ``poll`` does it, and starts the heartbeats again."""
        coordinator = consumer._coordinator
        if coordinator.rejoin_needed or coordinator.state is not MemberState.STABLE:
            return False
        if not coordinator.heartbeat.session_timeout_expired():
            return False
        _log.warning("no heartbeat was answered for a whole session, joining the group again")
        # Until the rejoin is through, so that each of its tries has a session's time.
        coordinator.heartbeat.reset_timeouts()
        coordinator.request_rejoin()
        return True
