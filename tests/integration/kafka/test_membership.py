"""A member that stops heartbeating is dropped by the broker; it must notice, and come back."""

from __future__ import annotations

from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError

from support.consuming import Bench, RecordingStep, submitted, wait_until
from vtr.kafka.admin import describe

pytestmark = pytest.mark.kafka


def test_a_member_whose_heartbeats_died_joins_again(at: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from kafka.coordinator.base import BaseCoordinator

    step = RecordingStep()
    loop = at.loop(step, session_timeout_ms=6000)
    at.publish([submitted("before")])
    wait_until(lambda: step.ids == ["before"], "the first record")

    beat = BaseCoordinator._do_heartbeat
    died: list[str] = []
    beats: list[str] = []

    async def failing(self: Any) -> None:
        if self.group_id == at.group and not died:
            died.append(self.group_id)
            raise KafkaTimeoutError("injected")
        await beat(self)
        if died:
            beats.append(self.group_id)

    monkeypatch.setattr(BaseCoordinator, "_do_heartbeat", failing)
    wait_until(lambda: bool(died), "a heartbeat to fail")
    # Nothing is published meanwhile: a failed commit would make the client rejoin, and hide the fault.
    wait_until(lambda: beats.count(at.group) >= 3, "heartbeats to go on", timeout_s=40)
    assert describe(at.kafka, at.group).members
    at.publish([submitted("after")])
    wait_until(lambda: "after" in step.ids, "the member to be back at work")
    assert loop.failure() is None
    wait_until(lambda: at.lag() == 0, "what was done to be committed")
