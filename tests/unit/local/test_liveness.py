"""When a service that runs counts as not live."""

from __future__ import annotations

from vtr.local.liveness import LivenessWatch


class _Probe:
    def __init__(self) -> None:
        self.broken = True
        self.calls = 0

    def __call__(self) -> None:
        self.calls += 1
        if self.broken:
            raise RuntimeError(f"stuck at {self.calls}")


def test_only_failures_in_a_row_count() -> None:
    probe = _Probe()
    watch = LivenessWatch(probe, every_s=1.0, failures=3)
    assert [watch.fault(float(now)) for now in (1, 2)] == [None, None]
    probe.broken = False
    assert watch.fault(3.0) is None
    probe.broken = True
    assert [watch.fault(float(now)) for now in (4, 5, 6)] == [None, None, "stuck at 6"]


def test_it_is_asked_once_an_interval() -> None:
    probe = _Probe()
    watch = LivenessWatch(probe, every_s=1.0, failures=3)
    for tenth in range(31):
        watch.fault(tenth / 10)
    assert probe.calls == 3


def test_after_a_restart_the_count_begins_anew() -> None:
    probe = _Probe()
    watch = LivenessWatch(probe, every_s=1.0, failures=2)
    assert watch.fault(1.0) is None
    watch.reset(1.5)
    assert watch.fault(2.0) is None
    assert probe.calls == 1
    assert watch.fault(2.5) is None
    assert watch.fault(3.5) == "stuck at 3"
