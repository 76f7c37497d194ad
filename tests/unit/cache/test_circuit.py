"""The circuit opens after faults in a row, lets one probe through after the cooldown, closes on success."""

from __future__ import annotations

import pytest

from vtr.cache.circuit import Circuit


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_stays_closed_while_faults_are_not_in_a_row() -> None:
    circuit = Circuit(threshold=2, cooldown_s=5, clock=Clock())
    circuit.failed()
    circuit.succeeded()
    circuit.failed()
    assert circuit.allows()
    assert not circuit.open


def test_opens_then_probes_once_per_cooldown_then_closes() -> None:
    clock = Clock()
    circuit = Circuit(threshold=2, cooldown_s=5, clock=clock)
    assert not circuit.failed()
    assert circuit.failed()
    assert not circuit.allows()
    clock.now += 5
    assert circuit.allows()
    assert not circuit.allows(), "a second caller does not probe as well"
    assert circuit.succeeded()
    assert circuit.allows()
    assert not circuit.open


def test_a_failed_probe_keeps_it_open_for_another_cooldown() -> None:
    clock = Clock()
    circuit = Circuit(threshold=1, cooldown_s=5, clock=clock)
    circuit.failed()
    clock.now += 5
    assert circuit.allows()
    assert not circuit.failed(), "it was open already"
    clock.now += 4.9
    assert not circuit.allows()
    clock.now += 0.1
    assert circuit.allows()


@pytest.mark.parametrize(("threshold", "cooldown_s"), [(0, 1.0), (1, 0.0)])
def test_refuses_senseless_limits(threshold: int, cooldown_s: float) -> None:
    with pytest.raises(ValueError, match="circuit"):
        Circuit(threshold=threshold, cooldown_s=cooldown_s)
